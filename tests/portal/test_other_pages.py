"""Every page of customers beside their way through the questions: help, entrances, files, parts, and every end.

The pages come from Django's test client, so that no browser signs in; one browser looks at all of them, on a telephone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext, override
from pytest_django import Settings

from audit.services import Actor
from channels.models import ProviderAccount
from customers.models import ContactPoint
from outreach.copies.services import make_copies
from portal import guessing
from portal.helping.questions import TOPICS
from portal.helping.views.circumstances import WAYS
from questionnaires.marking import tag, unmarked
from questionnaires.models import AccessLink
from questionnaires.services import cancel_responses
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.portal.browsing import CHROMIUM, picture
from tests.portal.inspecting import COLOURS, faults_of, sideways, violations_of, weight_of
from tests.portal.journey import BIRTH, end_of, page_of, post, prove, walk
from tests.portal.papers import PAPERS, send
from tests.portal.papers import picture as photograph
from tests.portal.test_authenticity import notice_of
from tests.portal.test_entrances import numbered
from tests.portal.test_everyone import browsing, told, walker
from tests.portal.test_line import account  # noqa: F401  # a fixture
from tests.questionnaires.filing import Sent, plan_review, send_link

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

Pages = dict[str, Any]
BUDGET = 40 * 1024


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def browse(tenant: Tenant, settings: Settings) -> Callable[[str], Callable[[], Client]]:
    """Browsers that speak a language, each from a network of its own."""
    settings.UPLOAD_SCAN = "off"
    networks = iter(range(250))

    def of(language: str) -> Callable[[], Client]:
        def made() -> Client:
            client = Client(REMOTE_ADDR=f"10.60.{next(networks)}.1")
            client.cookies["portal_language"] = language
            return client

        return made

    return of


def help_pages(new: Callable[[], Client], sent: Sent) -> Iterator[tuple[str, Any]]:
    """Inquiry, call-back and circumstances: empty, wrong and sent; on a visit and with the link alone."""
    customer, link = new(), new()
    prove(customer, sent)
    for name in ("inquiry", "call"):
        yield f"{name}", customer.get(f"/r/help/{name}/")
        yield f"{name} by link", link.get(f"/r/{sent.token}/help/{name}/")
        yield f"{name} error", customer.post(f"/r/help/{name}/", {"text": ""})
    said = {"topic": "PRIVACY", "reply_by": "PAGES", "text": "Vì sao?"}
    yield "inquiry sent", customer.post("/r/help/inquiry/", said, follow=True)
    listed = customer.get("/r/help/inquiries/")
    yield "inquiries", listed
    [thread] = re.findall(r'href="(/r/help/inquiries/[^"]+)"', listed.content.decode())
    yield "thread", customer.get(thread)
    yield "thread error", customer.post(thread, {"text": ""})
    asked = customer.get("/r/help/call/").content.decode()
    part = re.findall(r'name="part"[^>]*value="(\w+)"', asked)[-1]
    day = re.findall(r'name="day"[^>]*value="([^"]+)"', asked)[-1]
    called = {"day": day, "part": part, "which": "other", "phone": "０３ー１２３４ー５６７８"}
    yield "call sent", customer.post("/r/help/call/", called, follow=True)
    yield "circumstances", customer.get("/r/help/circumstances/")
    for way in WAYS.values():
        if way.is_for("INDIVIDUAL"):
            yield f"circumstances {way.name}", customer.get(f"/r/help/circumstances/{way.name}/")
            yield f"circumstances {way.name} by link", link.get(f"/r/{sent.token}/help/circumstances/{way.name}/")
            if way.kind:  # the other has nothing to fill in
                wrong = {"name": "\x07", "phone": "1", "text": "\x07"}
                yield f"circumstances {way.name} error", customer.post(f"/r/help/circumstances/{way.name}/", wrong)
    told_by_link = {"name": "山田　一郎", "phone": "03-1234-5678", "relation": "FAMILY", "text": "亡くなりました。"}
    yield "circumstances sent", link.post(f"/r/{sent.token}/help/circumstances/deceased/", told_by_link, follow=True)


def open_pages(new: Callable[[], Client], tenant: Tenant, now: datetime) -> Iterator[tuple[str, Any]]:
    """What everybody may open: questions and answers, whether a notice is genuine, the door for numbers."""
    for topic in TOPICS:
        yield f"questions {topic}", new().get(f"/check/{tenant.slug}/questions/{topic}/")
    yield "questions of companies", new().get(f"/check/{tenant.slug}/questions/notice/?for=company")
    check = f"/check/{tenant.slug}/"
    yield "authenticity", new().get(check)
    yield "authenticity genuine", new().post(check, {"number": notice_of(tenant, at=now - timedelta(days=3))})
    yield "authenticity unknown", new().post(check, {"number": "0000-0000-0000"})
    yield "authenticity error", new().post(check, {"number": "12"})
    yield "entry", new().get(f"/b/{tenant.slug}/")
    yield "entry error", new().post(f"/b/{tenant.slug}/", {"number": "1234"})


def entrance_pages(new: Callable[[], Client], sent: Sent, now: datetime) -> Iterator[tuple[str, Any]]:
    """The facts after a number, another device, and what is kept until later."""
    number, door = numbered(sent, now=now), new()
    door.post("/b/asanagi/", {"number": number})
    yield "entry facts", door.get("/b/asanagi/identity/")
    yield "entry facts error", door.post("/b/asanagi/identity/", {**BIRTH, "month": "13"})
    yield "entry facts mismatch", door.post("/b/asanagi/identity/", {**BIRTH, "last_digits": "0000"})
    desk = new()
    prove(desk, sent)
    yield "later", desk.get("/r/answer/later/")
    yield "phone", desk.get("/r/answer/phone/")
    yield "phone code", desk.post("/r/answer/phone/")


def file_pages(new: Callable[[], Client], sent: Sent) -> Iterator[tuple[str, Any]]:
    """Photographs and papers: before, after the first, refused, and a paper."""
    customer = new()
    prove(customer, sent)
    yield "files", customer.get("/r/answer/papers/")
    yield "files error", send(customer, action="continue")
    yield "files added", send(customer, **{"card-front": photograph()})
    yield "files refused", send(customer, **{"card-back": photograph(b"%PDF-1.4 nothing")})
    send(customer, action="continue", remark="x", **{"card-back": photograph()})
    yield "files of a paper", customer.get("/r/answer/more/")


def part_pages(new: Callable[[], Client], sent: Sent) -> Iterator[tuple[str, Any]]:
    """A company's part by somebody else: asked for, opened, answered."""
    desk, helper = new(), new()
    prove(desk, sent)
    yield "helpers", desk.get("/r/answer/helpers/")
    yield "helpers error", desk.post("/r/answer/helpers/", {"name": ""})
    given = desk.post("/r/answer/helpers/", {"name": "Kế Toán", "pages": ["cash"]})
    yield "helpers asked", given
    text = given.content.decode()
    [address] = set(re.findall(r"/b/asanagi/part/[0-9A-Z]{32}/", text))
    [(first, second)] = re.findall(r"<b>(\d{3}) (\d{3})</b>", text)
    yield "part", helper.get(address)
    yield "part error", helper.post(address, {"code": "1"})
    helper.post(address, {"code": first + second})
    yield "part page", helper.get("/r/part/cash/")
    yield "part page error", helper.post("/r/part/cash/", {"action": "continue"})
    yield "part done", helper.post("/r/part/cash/", {"handles_cash": "no", "action": "continue"}, follow=True)


def end_pages(
    new: Callable[[], Client], tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Any]]:
    """Every page on which the way ends."""
    sent = {
        "answered": send_link(tenant, now=now, number="71"),
        "expired": send_link(tenant, now=now, number="72", lives=timedelta(seconds=-1)),
        "cancelled": send_link(tenant, now=now, number="73"),
        "notyet": send_link(tenant, now=now, number="74"),
        "locked": send_link(tenant, now=now, number="75"),
        "moved": send_link(tenant, now=now, number="76"),
    }
    first = new()
    walk(first, sent["answered"])
    first.post("/r/answer/check/", {"action": "submit"})
    with tenant_scope(tenant.pk):
        cancel_responses(references=[sent["cancelled"].response.reference], actor=Actor.system("tests"), now=now)
        AccessLink.objects.filter(response=sent["notyet"].response).update(opens_at=now + timedelta(days=3))
    for end in ("answered", "expired", "cancelled", "notyet"):
        yield f"end {end}", prove(new(), sent[end])
    guesser = new()
    for _ in range(5):
        refused = prove(guesser, sent["locked"], last_digits="0000")
    yield f"end {end_of(refused)}", refused
    yield "end unknown", new().get("/r/nothing/")
    yield "end timeout", new().get("/r/answer/")
    yield "end ticket", new().get(f"/b/{tenant.slug}/t/{'0' * 32}/")
    yield "end part", new().get(f"/b/{tenant.slug}/part/{'0' * 32}/")
    desk, telephone = new(), new()
    prove(desk, sent["moved"])
    drawn: list[str] = []

    def drawing(text: str) -> tuple[int, str]:
        drawn.append(text)
        return 41, "M4 4h1v1h-1z"

    monkeypatch.setattr("portal.entering.views.handing.qr_path", drawing)
    desk.post("/r/answer/phone/")
    ticket = re.sub(r"^https?://[^/]+", "", drawn[0])
    yield "ticket", telephone.get(ticket)
    yield "ticket error", telephone.post(ticket, {"last_digits": "1", "action": "continue"})
    telephone.post(ticket, {"last_digits": "4567", "action": "continue"})
    yield "end moved", desk.get("/r/answer/contact/")
    monkeypatch.setattr(guessing, "LIMIT", 1)
    busy = new()
    busy.get("/r/one/")
    yield "end busy", busy.get("/r/two/")


def closing_pages(new: Callable[[], Client], tenant: Tenant, now: datetime) -> Iterator[tuple[str, Any]]:
    """After the answers: the identity check, a copy to keep, notices on LINE; and a file that lacks something."""
    checked, kept, lacking = (send_link(tenant, now=now, number=number) for number in ("81", "82", "83"))
    plan_review(tenant, checked, now=now, ekyc_method="jpki_signature")
    waiting, done, poor = new(), new(), new()
    for browser, sent in ((waiting, checked), (done, kept)):
        walk(browser, sent)
        browser.post("/r/answer/check/", {"action": "submit"})
    yield "identity check", waiting.get("/r/answer/ekyc/")
    yield "identity check out of reach", waiting.post("/r/answer/ekyc/", {"action": "start"})
    yield "copy ordered", done.post("/r/answer/done/copy/", follow=True)
    with tenant_context(tenant.pk):
        make_copies(now=timezone.now())
    yield "copy ready", done.get("/r/answer/done/")
    yield "line", done.get("/r/answer/line/")
    yield "line number", done.post("/r/answer/line/", {"action": "start"}, follow=True)
    yield "line not heard", done.post("/r/answer/line/", {"action": "continue"})
    with tenant_scope(tenant.pk):
        ContactPoint.objects.filter(customer=lacking.customer, channel="PHONE").delete()
    prove(poor, lacking)
    yield "lacking", poor.get("/r/answer/contact/")
    yield "lacking error", post(poor, "contact")


@pytest.mark.parametrize(("language", "scheme"), [("ja", "light"), ("vi", "dark")])
def test_every_other_page_is_for_everyone(
    language: str,
    scheme: str,
    tenant: Tenant,
    now: datetime,
    address: str,
    browse: Callable[[str], Callable[[], Client]],
    account: ProviderAccount,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """W7."""
    new = browse(language)
    person, company = send_link(tenant, now=now), send_link(tenant, now=now, kind="COMPANY", number="2")
    for sent in (person, company):
        plan_review(tenant, sent, now=now)
    pages: Pages = dict(help_pages(new, send_link(tenant, now=now, number="3")))
    pages |= open_pages(new, tenant, now)
    pages |= entrance_pages(new, person, now)
    pages |= part_pages(new, company)
    pages |= closing_pages(new, tenant, now)
    pages |= end_pages(new, tenant, now, monkeypatch)
    pages |= file_pages(new, send_link(tenant, now=now, number="4", document=PAPERS))
    faults: dict[str, list[str]] = {}
    errors = {name for name in pages if name.endswith("error")}
    for name, page in pages.items():
        is_refused = name in errors or name in REFUSED
        assert (page.status_code == 422) == is_refused, (name, page.status_code)
        assert (page_of(page) == "end") == name.startswith("end "), name
        if (weight := weight_of(page)) > BUDGET:
            faults[f"{name} weighs"] = [str(weight)]
    with browsing() as browser:
        visitor = walker(browser, address, language, color_scheme=scheme)
        shown = visitor.page
        bodies: dict[str, bytes] = {name: page.content for name, page in pages.items()}
        shown.route(
            "**/seen/*", lambda route: route.fulfill(body=bodies[name], content_type="text/html; charset=utf-8")
        )
        for name in pages:
            shown.goto(f"{address}/seen/{len(name)}")
            found = faults_of(shown, tag(language)) + sideways(shown, 320) + sideways(shown, 390, "200%")
            found += violations_of(shown) if scheme == "light" else contrast_of(shown)
            if name in errors:
                found += error_faults(shown, language)
            picture(shown, f"other-{language}-{name.replace(' ', '-')}")
            found = [fault for fault in found if not (name in OTHERS and fault.startswith(OTHERS[name]))]
            if found:
                faults[name] = sorted(set(found))
    assert not faults, told(faults)


def contrast_of(page: Any) -> list[str]:
    """What axe finds of the colours alone: the rest is the same in every scheme."""
    result = Axe().run(page, options=COLOURS)
    return [f"{one['id']}: {one['nodes'][0]['html'][:140]}" for one in result.response["violations"]]


# The name of somebody else, which no browser should fill in.
OTHERS = dict.fromkeys(("helpers", "helpers error", "helpers asked"), 'autocomplete: <input class="input" id="name"')
# Told by their own words and not by an error of a form.
REFUSED = {"entry facts mismatch", "files refused"}


def error_faults(page: Any, language: str) -> list[str]:
    """The title says so first; the summary has the focus, and each of its links leads to a control."""
    found = []
    with override(language):
        if not page.title().startswith(unmarked(gettext("Error:"))):
            found.append(f"the title does not begin with the error: {page.title()}")
    if page.evaluate("document.activeElement.className") != "error-summary":
        found.append("the summary has not the focus")
    links = [str(one.get_attribute("href")) for one in page.locator(".error-summary a").all()]
    found += [f"{link} leads nowhere" for link in links if page.locator(link).count() != 1]
    return found if links else [*found, "no link to what is wrong"]
