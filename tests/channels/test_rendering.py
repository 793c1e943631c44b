"""What notices say and how letters look: lengths, escaping, one page, embedded fonts, nothing that must not show."""

from __future__ import annotations

import re
import time
import zlib
from dataclasses import replace
from datetime import date

import pytest
from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError

from channels.barcodes import qr_svg
from channels.protocols import Channel
from channels.rendering import (
    Bank,
    CannotRender,
    Sheet,
    Wording,
    _fetcher,
    address_lines,
    image,
    letter_html,
    render_letters,
    render_text,
)

BANK = Bank(
    name="あさなぎ銀行",
    name_en="Asanagi Bank",
    kind_word="当行",
    phone="0120-000-101",
    phone_hours="平日 9:00〜17:00",
    official_site="https://asanagi.example/",
)
URL = "https://kakunin.asanagi.example/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/"
WORDING = Wording(bank=BANK, purpose="request", language="ja", url=URL, deadline_on=date(2027, 1, 15))
SHEET = Sheet(
    wording=WORDING,
    name="山田 節子",
    is_company=False,
    postal_code="1680064",
    address="東京都杉並区永福1丁目2-3　コーポ永福203号",
    return_id="884054439334269398",
    issued_on=date(2026, 11, 24),
)
GSM7 = re.compile(r"[A-Za-z0-9 \r\n@£$¥!\"#%&'()*+,\-./:;<=>?_]*")


def inflated(pdf: bytes) -> bytes:
    """A PDF with its compressed objects readable."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return pdf + b"".join(zlib.decompress(stream) for stream in streams if stream.startswith(b"x"))


def wording(language: str, purpose: str) -> Wording:
    return replace(WORDING, language=language, purpose=purpose)


@pytest.mark.parametrize("purpose", ["request", "reminder"])
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("channel", [Channel.LINE, Channel.SMS, Channel.EMAIL])
def test_every_text_names_the_bank_the_deadline_and_the_link(channel: Channel, language: str, purpose: str) -> None:
    text = render_text(channel, wording(language, purpose))
    assert (BANK.name if language == "ja" else BANK.name_en) in text.text + text.subject
    assert URL in text.text
    assert ("1/15" if language == "ja" else "15 Jan") in text.text or "15日" in text.text
    assert "$" not in text.text + text.subject + text.html


@pytest.mark.parametrize("purpose", ["request", "reminder"])
def test_a_short_message_is_short(purpose: str) -> None:
    """Japanese: at most 70 characters beside the link. English: one GSM-7 segment with it."""
    assert len(render_text(Channel.SMS, wording("ja", purpose)).text.replace(URL, "").strip()) <= 70
    english = render_text(Channel.SMS, wording("en", purpose)).text
    assert len(english) <= 160
    assert GSM7.fullmatch(english)


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(CannotRender, match="text_too_long"):
        render_text(Channel.SMS, replace(WORDING, url="https://example.jp/" + "x" * 660))


def test_mail_has_no_remote_picture_and_one_kind_of_link() -> None:
    html = render_text(Channel.EMAIL, WORDING).html
    assert "<img" not in html
    assert set(re.findall(r'href="([^"]+)"', html)) == {URL}


def test_values_are_escaped() -> None:
    evil = replace(BANK, name='<img src="file:///etc/passwd">&', phone_hours="<script>")
    html = render_text(Channel.EMAIL, replace(WORDING, bank=evil)).html
    letter = letter_html(replace(SHEET, wording=replace(WORDING, bank=evil), name="<b>山田</b>"))
    for markup in ("<script>", "file:///etc/passwd&quot;>", "<b>山田", '<img src="file'):
        assert markup not in html
        assert markup not in letter
    assert "&lt;b&gt;山田" in letter


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("purpose", ["request", "reminder"])
@pytest.mark.parametrize("is_company", [False, True])
def test_a_letter_is_one_page_with_its_fonts_inside(language: str, purpose: str, is_company: bool) -> None:
    sheet = replace(SHEET, wording=wording(language, purpose), is_company=is_company)
    (pdf,) = render_letters([sheet])
    inside = inflated(pdf)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", inside)) == 1
    fonts = set(re.findall(rb"/FontFile[23]?\b", inside))
    names = re.findall(rb"/BaseFont\s*/([A-Z]{6}\+)?", inside)
    assert fonts, "a font is embedded"
    assert all(names), "and every one is a subset that travels with the letter"


def test_letters_rendered_together_stay_apart() -> None:
    names = ["山田 節子", "佐藤 一郎", "株式会社あさひ"]
    pdfs = render_letters([replace(SHEET, name=name) for name in names])
    assert len(set(pdfs)) == 3


def test_the_outside_of_a_letter_shows_name_address_and_return_id_only() -> None:
    html = letter_html(SHEET)
    block = html[html.index('class="address"') : html.index('class="sender"')]
    shown = re.sub(r"<[^>]+>", " ", "<" + block.removesuffix("<div ")).split()
    address = ["〒168-0064", "東京都杉並区永福1丁目2-3", "コーポ永福203号"]
    assert shown == [*address, "山田", "節子", "様", "884054439334269398"]


def test_the_qr_code_of_a_letter_is_the_links() -> None:
    assert image(qr_svg(URL)) in letter_html(SHEET)


def test_a_company_is_addressed_as_one() -> None:
    html = letter_html(replace(SHEET, name="株式会社あさひ", is_company=True))
    assert "株式会社あさひ 御中" in html
    assert "電話番号" in html


@pytest.mark.parametrize("name", ["山\U00030edd子", "山田🧧"])
def test_a_character_no_font_has_is_not_posted(name: str) -> None:
    """The typesetter would only log it and print a box."""
    with pytest.raises(CannotRender, match="missing_glyph"):
        render_letters([SHEET, replace(SHEET, name=name)])
    render_letters([replace(SHEET, name="髙﨑 彅濵")])  # old forms that the font has


@pytest.mark.parametrize("url", ["file:///etc/hostname", "http://127.0.0.1:9/x.png"])
def test_a_letter_fetches_nothing_from_outside(url: str) -> None:
    with pytest.raises(FatalURLFetchingError):
        HTML(string=f'<img src="{url}">', url_fetcher=_fetcher()).write_pdf()


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        ("東京都杉並区永福1-2-3", ["東京都杉並区永福1-2-3"]),
        ("東京都港区芝1-1 A棟 203", ["東京都港区芝1-1　A棟　203"]),
        ("北海道札幌市東区北六条東8丁目　郵便センター10号館", ["北海道札幌市東区北六条東8丁目", "郵便センター10号館"]),
        ("あ" * 45, ["あ" * 20, "あ" * 20, "あ" * 5]),
    ],
)
def test_an_address_is_broken_where_it_has_blanks(address: str, lines: list[str]) -> None:
    assert address_lines(address) == lines


@pytest.mark.parametrize("change", [{"address": "あ" * 61}, {"address": " "}, {"name": "あ" * 49}, {"postal_code": ""}])
def test_what_cannot_be_posted_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(CannotRender, match=r"does_not_fit|no_postal_code"):
        letter_html(replace(SHEET, **change))  # type: ignore[arg-type]  # one field, whichever


def test_a_letter_takes_less_than_400_milliseconds() -> None:
    """Of processor time, so that a busy machine does not matter."""
    render_letters([SHEET])
    started = time.process_time()
    render_letters([replace(SHEET, return_id=f"{number:018d}") for number in range(10)])
    assert (time.process_time() - started) / 10 < 0.4
