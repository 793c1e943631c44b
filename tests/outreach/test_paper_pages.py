"""Paper answers as staff meet them: every page by hand, in a browser, and the sheet as it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import sync_playwright

from channels.numbers import written as written_number
from outreach.papers.models import PaperAnswer
from outreach.papers.printing import answer_sheet
from outreach.papers.selectors import find_paper
from portal.pages import LANGUAGES
from questionnaires import schema
from questionnaires.models import QuestionnaireVersion, Response
from questionnaires.services import publish, publish_standard
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.campaigns.acting import enter, notified, open_for_business
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.outreach.papering import number_on, questions_of
from tests.outreach.test_keying import every_kind
from tests.portal.browsing import CHROMIUM, PICTURES, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.reporting.test_journey import DESK, PHONE, sign_in
from tests.uploads.hostile import card, written
from uploads.services import examine_waiting

__all__ = ["address"]
Status = PaperAnswer.Status
ALL_PAGES: dict[str, str] = {"occupation": "employee", "purpose-living": "yes"}


@dataclass(frozen=True)
class Desk:
    """Two who work with paper, and the number on a sheet."""

    keyer: User
    checker: User
    number: str
    tenant: Tenant

    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def paper(self) -> PaperAnswer:
        with tenant_scope(self.tenant.pk):
            return find_paper(PaperAnswer.objects.values_list("pk", flat=True).latest("registered_at"))

    def response(self) -> Response:
        with tenant_scope(self.tenant.pk):
            found: Response = Response.objects.get()
            return found


@pytest.fixture
def desk(settings: Any, tenant: Tenant, make_user: MakeUser) -> Desk:
    """A customer who was sent the standard questions."""
    settings.UPLOAD_SCAN = "off"
    keyer, checker = make_user(tenant, Role.OFFICER, "saeki"), make_user(tenant, Role.OFFICER, "hirano")
    approver = make_user(tenant, Role.APPROVER, "otsuka")
    with tenant_scope(tenant.pk):
        open_for_business()
        customer = enter(1)
        notified(keyer, approver)
        number = number_on(customer)
        Response.objects.update(opened_at=timezone.now() - timedelta(days=1))
    return Desk(keyer, checker, number, tenant)


def receive(desk: Desk, client: Client, **said: Any) -> Any:
    today = timezone.localdate().isoformat()
    scan = SimpleUploadedFile("scan.jpg", written(card(), "JPEG"), "image/jpeg")
    answer = client.post(
        reverse("paper-receive"),
        {"number": written_number(desk.number), "received_on": today, "is_signed": "yes", "scans": [scan], **said},
    )
    assert answer.status_code == 302, answer.content.decode()
    return answer


def key_pages(client: Client, desk: Desk, begin: str, page_name: str, end: str, **changes: str) -> None:
    """Goes where the pages lead; blocks are unchanged, the rest as ``changes`` say."""
    paper = desk.paper()
    assert client.post(reverse(begin, args=[paper.pk])).status_code == 302
    for _turn in range(40):
        answer = client.get(reverse(end, args=[paper.pk]))
        if answer.status_code == 200:
            return
        where = answer.headers["Location"]
        with tenant_scope(desk.tenant.pk):
            _response, questionnaire = questions_of(paper)
        page = questionnaire.page(where.rstrip("/").rsplit("/", 1)[1])
        assert page is not None, where
        shown = client.get(where)
        action = (
            "unchanged"
            if b'value="unchanged"' in shown.content and not changes.keys() & set(page.fields)
            else "continue"
        )
        posted = client.post(where, {"action": action, **said_of(page), **changes})
        assert posted.status_code == 302, (page.id, posted.content.decode()[-2500:])
    raise AssertionError("it never ends")


def said_of(page: schema.Page) -> dict[str, str]:
    """The first of what each question offers, and no to everything else."""
    said: dict[str, str] = {}
    for question in page.questions:
        if question.kind is schema.Kind.RADIO:
            said[question.id] = question.choices[0].value
        elif question.kind is schema.Kind.CHECKBOXES:
            said[f"{question.id}-{question.choices[0].value}"] = "yes"
        elif question.kind is schema.Kind.YES_NO:
            said[question.id] = "no"
        elif question.kind is schema.Kind.BAND:
            said[question.id] = str(question.bands[0])
        elif question.kind is schema.Kind.COUNTRY:
            said[question.id] = "JP"
        elif question.kind is schema.Kind.DECLARATION:
            said[question.id] = "yes"
    return said


def test_a_sheet_goes_from_the_post_to_the_answer_by_hand(desk: Desk) -> None:
    keyer, checker = desk.browser(desk.keyer), desk.browser(desk.checker)
    assert receive(desk, keyer).status_code == 302
    paper = desk.paper()
    key_pages(keyer, desk, "paper-key-begin", "paper-key-page", "paper-key")
    assert keyer.post(reverse("paper-key", args=[paper.pk])).status_code == 302
    assert desk.paper().status == Status.KEYED
    with tenant_context(desk.tenant.pk):
        examine_waiting(actor=SYSTEM, now=timezone.now())
    refused = keyer.post(reverse("paper-check-begin", args=[paper.pk]))
    assert refused.status_code == 422, "nobody checks their own"
    key_pages(checker, desk, "paper-check-begin", "paper-check-page", "paper-check")
    check = reverse("paper-check", args=[paper.pk])
    undecided = checker.post(check)
    assert undecided.status_code in (302, 422)
    if undecided.status_code == 422:
        page = undecided.content.decode()
        names = {part.split('"')[0] for part in page.split('name="said-')[1:]}
        assert checker.post(check, {f"said-{name}": "seen" for name in names}).status_code == 302
    assert desk.paper().status == Status.ACCEPTED
    assert desk.response().origin == Response.Origin.PAPER


def test_a_mark_is_kept_and_the_customer_is_asked(desk: Desk) -> None:
    keyer = desk.browser(desk.keyer)
    receive(desk, keyer)
    key_pages(keyer, desk, "paper-key-begin", "paper-key-page", "paper-key", **{"mark-occupation": "UNREADABLE"})
    keyer.post(reverse("paper-key", args=[desk.paper().pk]))
    paper = desk.paper()
    assert (paper.status, paper.marks) == (Status.ASKING, {"occupation": "UNREADABLE"})
    assert desk.response().status == Response.Status.OPEN


def test_the_first_keying_is_on_no_page_of_the_second(desk: Desk) -> None:
    """The second person keys from the picture: a value that only the first knows appears nowhere before."""
    keyer, checker = desk.browser(desk.keyer), desk.browser(desk.checker)
    receive(desk, keyer)
    key_pages(
        keyer,
        desk,
        "paper-key-begin",
        "paper-key-page",
        "paper-key",
        address="東京都港区芝9-9-9",
        postal_code="1050014",
    )
    paper = desk.paper()
    keyer.post(reverse("paper-key", args=[paper.pk]))
    checker.post(reverse("paper-check-begin", args=[paper.pk]))
    where = checker.get(reverse("paper-check", args=[paper.pk])).headers["Location"]
    with tenant_scope(desk.tenant.pk):
        _response, questionnaire = questions_of(paper)
    for page in questionnaire.pages:
        shown = checker.get(reverse("paper-check-page", args=[paper.pk, page.id]), follow=True)
        assert "芝9-9-9" not in shown.content.decode(), page.id
    assert where


def test_the_picture_is_served_to_whoever_may_see_it_and_the_look_is_recorded(desk: Desk, make_user: MakeUser) -> None:
    keyer = desk.browser(desk.keyer)
    receive(desk, keyer)
    paper = desk.paper()
    with tenant_context(desk.tenant.pk):
        examine_waiting(actor=SYSTEM, now=timezone.now())
    upload = _scan_of(desk, paper)
    page = keyer.get(reverse("paper-scan", args=[paper.pk, upload]))
    assert (page.status_code, page.headers["Content-Type"]) == (200, "image/jpeg")
    auditor = desk.browser(make_user(desk.tenant, Role.AUDITOR, "auditor"))
    assert auditor.get(reverse("paper-scan", args=[paper.pk, upload])).status_code == 403
    masked = auditor.get(reverse("paper-answer", args=[paper.pk])).content.decode()
    assert "一郎" not in masked


def _scan_of(desk: Desk, paper: PaperAnswer) -> UUID:
    from uploads.models import Upload

    with tenant_scope(desk.tenant.pk):
        found: UUID = Upload.objects.values_list("pk", flat=True).get(reference=paper.pk)
        return found


def test_a_hostile_note_stays_words(desk: Desk) -> None:
    keyer = desk.browser(desk.keyer)
    receive(desk, keyer)
    paper = desk.paper()
    keyer.post(reverse("paper-discard", args=[paper.pk]), {"because": "<script>alert(1)</script>"})
    page = keyer.get(reverse("paper-answer", args=[paper.pk])).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_list_costs_the_same_however_long_it_is(desk: Desk, django_assert_max_num_queries: Any) -> None:
    keyer = desk.browser(desk.keyer)
    receive(desk, keyer)
    with django_assert_max_num_queries(40):
        assert keyer.get(reverse("papers")).status_code == 200


def test_the_sheet_is_printed_with_its_number_on_every_page(desk: Desk) -> None:
    keyer = desk.browser(desk.keyer)
    answer = keyer.post(reverse("paper-print", args=[desk.response().pk]))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    document = pypdfium2.PdfDocument(answer.content)
    texts = [page.get_textpage().get_text_range() for page in document]
    assert all(written_number(desk.number) in text for text in texts)
    whole = "".join(texts)
    assert "髙橋" not in whole, "nothing of the customer but the number"
    if PICTURES:
        (Path(PICTURES) / "sheet.pdf").write_bytes(answer.content)


def test_every_kind_of_question_is_printed(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        (version,) = publish({"individual": every_kind()}, actor=SYSTEM, now=NOW)
        version = QuestionnaireVersion.objects.get(pk=version.pk)
        pdf = answer_sheet(tenant=tenant, version=version, number="123456789018", language="ja", is_company=False)
    document = pypdfium2.PdfDocument(pdf)
    whole = "".join(page.get_textpage().get_text_range() for page in document)
    assert "令和" in whole
    assert "昭和" in whole
    if PICTURES:
        (Path(PICTURES) / "sheet-every.pdf").write_bytes(pdf)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_is_set_in_every_language_without_a_mark_left_open(tenant: Tenant, language: str) -> None:
    with tenant_scope(tenant.pk):
        versions = publish_standard(actor=SYSTEM, now=NOW)
        version = next(one for one in versions if one.questionnaire.key == "individual")
        pdf = answer_sheet(tenant=tenant, version=version, number="123456789018", language=language, is_company=False)
    whole = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
    assert "{" not in whole
    assert "1234-5678-9018" in whole
    if PICTURES:
        (Path(PICTURES) / f"sheet-{language}.pdf").write_bytes(pdf)


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")
def test_every_page_reads_well_on_a_desk_and_a_telephone(desk: Desk, address: str) -> None:
    keyer, checker = desk.browser(desk.keyer), desk.browser(desk.checker)
    receive(desk, keyer)
    paper = desk.paper()
    with tenant_context(desk.tenant.pk):
        examine_waiting(actor=SYSTEM, now=timezone.now())
    problems: list[str] = []

    def look(user: User, pages: dict[str, str]) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for size_name, size in (("desk", DESK), ("phone", PHONE)):
                page = browser.new_context(viewport=size, locale="ja-JP", bypass_csp=True).new_page()
                sign_in(page, address, user)
                for name, path in pages.items():
                    page.goto(address + path)
                    picture(page, f"paper-{size_name}-{name}")
                    if page.evaluate(TOO_WIDE):
                        problems.append(f"{size_name} {name}: scrolls sideways")
                    found = Axe().run(page, options=AXE)
                    if found.violations_count:
                        problems.append(f"{size_name} {name}: {found.generate_report()}")
            browser.close()

    keyer.post(reverse("paper-key-begin", args=[paper.pk]))
    where = keyer.get(reverse("paper-key", args=[paper.pk])).headers["Location"]
    one = reverse("paper-answer", args=[paper.pk])
    pages = {"list": reverse("papers"), "receive": reverse("paper-receive"), "one": one, "key": where}
    look(desk.keyer, {**pages, "policy": reverse("paper-policy")})
    moved = {"address": "東京都港区芝9-9-9", "postal_code": "1050014"}
    key_pages(keyer, desk, "paper-key-begin", "paper-key-page", "paper-key", **moved)
    look(desk.keyer, {"keyed": reverse("paper-key", args=[paper.pk])})
    keyer.post(reverse("paper-key", args=[paper.pk]))
    checker.post(reverse("paper-check-begin", args=[paper.pk]))
    key_pages(checker, desk, "paper-check-begin", "paper-check-page", "paper-check")
    look(desk.checker, {"check": reverse("paper-check", args=[paper.pk]), "home": reverse("home")})
    assert problems == []
