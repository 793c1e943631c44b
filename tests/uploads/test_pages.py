"""F1 for PDFs: what is drawn on a page comes out as a picture, nothing else does, and no file costs too much."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import transaction

from audit.models import AuditEvent
from tenants.models import Tenant
from tests.conftest import NOW, ROOT
from tests.uploads import pdfs
from tests.uploads.hostile import EICAR, opened, photograph
from tests.uploads.test_services import PLACE, SYSTEM, acts, now_of, receive, stored
from uploads import pages
from uploads.models import MOST_IN_ONE_PLACE, Upload
from uploads.pages import MAX_PAGES, draw_pages
from uploads.pages_jail import ADDRESS_SPACE, CPU_SECONDS
from uploads.pictures import PictureRefused, kind_of
from uploads.selectors import uploads_of
from uploads.services import LEASE, UploadRefused, examine_waiting, receive_upload

CERTIFICATE = """<style>@page { size: A4; margin: 20mm } p { page-break-before: always }</style>
<h1>履歴事項全部証明書</h1><p>目的 髙﨑の旅館業</p><p>役員に関する事項</p>"""


def code_of(data: bytes) -> str:
    try:
        draw_pages(data)
    except PictureRefused as refused:
        return refused.code
    return "taken"


def dark_in(body: bytes, box: tuple[int, int, int, int]) -> int:
    """How many dark pixels there are between left, top, right and bottom, in points."""
    left, top, right, bottom = (round(each * pdfs.POINT) for each in box)
    grey = opened(body).convert("L").crop((left, top, right, bottom))
    return sum(grey.histogram()[:100])


def test_each_page_comes_out_as_a_jpeg_that_can_be_read() -> None:
    sent = pdfs.written(CERTIFICATE)
    assert kind_of(sent) == "PDF"
    drawn = draw_pages(sent)
    assert [(one.kind, one.width, one.height) for one in drawn] == [("PDF", 1654, 2339)] * 3
    assert len({one.body for one in drawn}) == 3
    assert all(opened(one.body).format == "JPEG" for one in drawn)
    assert all(dark_in(one.body, (50, 50, 500, 150)) > 500 for one in drawn), "the letters are there"
    assert dark_in(drawn[0].body, (50, 400, 500, 800)) == 0, "control: where there are none it is white"


def test_only_what_is_drawn_survives() -> None:
    sent = pdfs.with_script_and_attachment()
    for trace in (b"/JavaScript", b"secret script", b"secret attachment", b"secret.example"):
        assert trace in sent, "control"
    (drawn,) = draw_pages(sent)
    for trace in (b"JavaScript", b"secret", b"%PDF", b"MZ"):
        assert trace not in drawn.body
    middle = opened(drawn.body).getpixel((round(300 * pdfs.POINT), round(442 * pdfs.POINT)))
    assert isinstance(middle, tuple)
    assert middle[0] > 240 > 20 > middle[1]
    assert not opened(drawn.body).getexif()


def test_what_was_typed_into_a_form_is_drawn_whatever_letters_it_has() -> None:
    """Kanji that Chinese has too are asked for as Chinese ones, and were missing without a word."""
    style = "<style>@page { margin: 0 } input { display: block; border: 0; width: 300pt; height: 30pt }</style>"
    values = ("", "入力", "される", "Kana 12")
    forms = "".join(f"<p style='page-break-before: always'><input value='{value}'></p>" for value in values)
    empty, *filled = draw_pages(pdfs.written(f"{style}<form>{forms}</form>", forms=True))[-4:]
    box = (0, 0, 320, 100)
    assert dark_in(empty.body, box) == 0, "control"
    assert all(dark_in(one.body, box) > 200 for one in filled)


def test_japanese_without_its_font_is_drawn_in_ours_and_what_we_lack_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Letters that are left out in silence would be the worst of all."""
    japanese = pdfs.in_font("登記簿の写し", order=b"Japan1", encoding=b"UniJIS-UCS2-H", name=b"MS-Mincho")
    (drawn,) = draw_pages(japanese)
    assert dark_in(drawn.body, (100, 190, 350, 260)) > 3_000
    for order, encoding, name in ((b"GB1", b"UniGB-UCS2-H", b"SimSun"), (b"Korea1", b"UniKS-UCS2-H", b"Batang")):
        assert code_of(pdfs.in_font("中", order=order, encoding=encoding, name=name)) == "pdf_fonts"
    assert code_of(pdfs.in_font("中", order=b"Identity", encoding=b"Identity-H", name=b"MS-Gothic")) == "pdf_fonts"
    assert code_of(pdfs.in_pictograms()) == "pdf_fonts"
    monkeypatch.setattr(pages, "_japanese_font", lambda: "")
    assert code_of(japanese) == "pdf_fonts"
    assert code_of(pdfs.red_square()) == "taken", "control: nothing was lacking"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pdfs.locked(), "pdf_locked"),
        (pdfs.dynamic_form(), "pdf_form"),
        (pdfs.of_pages(MAX_PAGES), "taken"),
        (pdfs.of_pages(MAX_PAGES + 1), "pdf_too_many_pages"),
        (pdfs.of_pages(5_000), "pdf_too_many_pages"),
        (pdfs.red_square(box=b"0 0 99999999 9999999"), "pdf_page_size"),
        (pdfs.red_square(box=b"0 0 0.5 842"), "pdf_page_size"),
        (pdfs.red_square(about=b"/UserUnit 75000 "), "taken"),
        (b"%PDF-1.7\n" + bytes(5_000), "pdf_damaged"),
        (pdfs.red_square()[:250], "pdf_damaged"),
        (pdfs.endless_tree(), "pdf_damaged"),
        (pdfs.flate_bomb(), "pdf_too_costly"),
    ],
    ids=[
        "password", "XFA", "most", "one too many", "thousands", "huge page", "thread of a page", "user unit",
        "nothing", "half", "endless", "half a gigabyte of strokes",
    ],
)  # fmt: skip
def test_what_cannot_be_taken_says_why(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_a_page_as_large_as_a_wall_is_drawn_smaller() -> None:
    (drawn,) = draw_pages(pdfs.red_square(box=b"0 0 14400 14400"))
    assert (drawn.width, drawn.height) == (4_095, 4_095)


@pytest.mark.parametrize("bomb", [pdfs.picture_bomb(), pdfs.nested()], ids=["picture", "lists in lists"])
def test_a_bomb_inside_is_left_out_or_refused_at_little_cost(bomb: bytes) -> None:
    measure = (
        "import os, sys\nsilence = [(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0)]\n"
        "child = os.posix_spawn(sys.argv[1], sys.argv[1:], {}, file_actions=silence)\n"
        "usage = os.wait4(child, 0)[2]\nprint(usage.ru_maxrss // 1024, usage.ru_utime + usage.ru_stime)"
    )
    jail = pages._jail(pages._japanese_font())
    said = subprocess.run(
        [sys.executable, "-c", measure, *jail], input=bomb, capture_output=True, check=True, timeout=90
    )
    memory, seconds = said.stdout.split()
    assert int(memory) < ADDRESS_SPACE // 1024**2 // 2
    assert float(seconds) < CPU_SECONDS / 4


def test_a_drawing_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "SECONDS", 2.0)
    before = threading.active_count()
    assert code_of(pdfs.laughs()) == "pdf_too_costly"
    assert threading.active_count() == before
    for program in ("print('{\"pages\": []}')", "print('{\"pages\": [[3, 1, 1]]}\\nMZ!')", "print('{}')"):
        monkeypatch.setattr(pages, "_jail", lambda _, program=program: (sys.executable, "-c", program))
        assert code_of(b"%PDF-1.7\n") == "pdf_too_costly", "a reader taken over says what it likes"


def test_the_reader_of_pdfs_has_neither_a_script_engine_nor_the_machines_files() -> None:
    program = (
        "import pypdfium2\nfrom uploads.jail import close_the_doors\nassert not pypdfium2.PDFIUM_INFO.flags\n"
        "open('/etc/passwd').close()\nclose_the_doors()\ntry:\n    pypdfium2.PdfDocument('/etc/passwd')\n"
        "except pypdfium2.PdfiumError as error:\n    print(error)"
    )
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "File access error" in said.stdout, said.stderr


def test_a_pdf_becomes_a_row_a_page_and_the_file_is_gone(
    in_tenant: Tenant, clamd: str, superuser: psycopg.Connection
) -> None:
    sent = pdfs.written(CERTIFICATE)
    upload = receive(sent, "証明書.pdf")
    assert (upload.status, upload.kind, upload.page, upload.pages) == ("PENDING", "PDF", 1, 1)
    later = receive(photograph(), at=NOW + timedelta(seconds=1))
    assert examine_waiting(actor=SYSTEM, now=NOW + timedelta(seconds=1)) == 2
    with transaction.atomic():
        rows = uploads_of(purpose=upload.purpose, reference=PLACE)
        assert [(row.page, row.pages, row.status) for row in rows[:3]] == [(n, 3, "CLEAN") for n in (1, 2, 3)]
        assert rows[0].pk == upload.pk
        assert rows[3].pk == later.pk
        assert {(row.name, row.sha256, row.scanner) for row in rows[:3]} == {
            ("証明書.pdf", upload.sha256, rows[0].scanner)
        }
        assert all(opened(bytes(row.body)).size == (1654, 2339) for row in rows[:3])
    for row in rows[:3]:
        sealed = stored(superuser, row)
        assert sealed is not None
        assert sealed[1:17] == row.person_id.bytes, "each page under the customer's own key"
        assert b"%PDF-" not in sealed
    assert [event for event, _ in acts(upload)] == ["upload.received", "upload.clean"]


def test_a_pdf_with_a_virus_is_destroyed_whole(in_tenant: Tenant, clamd: str, superuser: psycopg.Connection) -> None:
    upload = receive(pdfs.written(CERTIFICATE) + EICAR)
    assert stored(superuser, upload), "control: it was there"
    assert examine_waiting(actor=SYSTEM, now=NOW) == 1
    assert (now_of(upload).status, now_of(upload).reason) == ("REJECTED", "infected")
    assert superuser.execute("SELECT count(*), count(body) FROM uploads_upload").fetchone() == (1, 0)


def test_a_locked_pdf_is_rejected_with_the_way_out(in_tenant: Tenant, clamd: str) -> None:
    from django.utils import translation

    from uploads.wording import reason_in_words

    upload = receive(pdfs.locked())
    assert examine_waiting(actor=SYSTEM, now=NOW) == 1
    assert (now_of(upload).status, now_of(upload).reason) == ("REJECTED", "pdf_locked")
    with transaction.atomic():
        assert AuditEvent.objects.get(event="upload.destroyed").data["reason"] == "pdf_locked"
    with translation.override("en"):
        assert "password" in reason_in_words("pdf_locked")
        assert str(MAX_PAGES) in reason_in_words("pdf_too_many_pages")


def test_a_verdict_that_comes_too_late_adds_no_page_twice(in_tenant: Tenant, clamd: str) -> None:
    from uploads.services import _claim, _look_at, _settle

    upload = receive(pdfs.of_pages(2))
    slow = _claim(upload.pk, now=NOW)
    assert slow is not None
    found = _look_at(slow)
    assert examine_waiting(actor=SYSTEM, now=NOW + LEASE) == 1
    _settle(slow, found, actor=SYSTEM, now=NOW + LEASE + timedelta(seconds=1))
    with transaction.atomic():
        assert [row.page for row in uploads_of(purpose=upload.purpose, reference=PLACE)] == [1, 2]


def test_only_places_for_paper_take_a_pdf_and_it_counts_as_one_file(in_tenant: Tenant, clamd: str) -> None:
    import io

    for purpose in Upload.Purpose:
        place, sent = uuid4(), io.BytesIO(pdfs.red_square())
        given = {"name": "x.pdf", "reference": place, "person_id": place, "actor": SYSTEM, "now": NOW}
        if purpose == Upload.Purpose.VISIT_PHOTO:
            with pytest.raises(UploadRefused) as refused:
                receive_upload(sent, purpose=purpose, **given)  # type: ignore[arg-type]  # as above
            assert refused.value.code == "pdf"
        else:
            assert receive_upload(sent, purpose=purpose, **given).kind == "PDF"  # type: ignore[arg-type]  # as above
    receive(pdfs.of_pages(MAX_PAGES))
    assert examine_waiting(actor=SYSTEM, now=NOW, limit=100) >= 1
    with transaction.atomic():
        assert len(uploads_of(purpose=Upload.Purpose.CASE_DOCUMENT, reference=PLACE)) == MAX_PAGES
    for _ in range(MOST_IN_ONE_PLACE - 1):
        receive(photograph())
    with pytest.raises(UploadRefused, match=str(MOST_IN_ONE_PLACE)):
        receive(photograph())


def test_a_picture_with_a_pdf_behind_it_is_a_picture() -> None:
    """Polyglots: the first bytes decide."""
    both = photograph() + pdfs.red_square()
    assert kind_of(both) == "JPEG"
    assert kind_of(b"\n\n" + pdfs.red_square()) == "PDF"
    assert opened(both).format == "JPEG"
