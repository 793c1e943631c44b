"""The staff pages in a real browser: at a desk, on a phone, in the dark, without JavaScript, under their own CSP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, ViewportSize, sync_playwright

from audit.services import Actor
from channels.models import ProviderAccount
from channels.wording.guests import add_guest
from channels.wording.selectors import SLOTS
from channels.wording.services import draft_template
from customers.models import CustomerImport
from customers.segments.services import save_segment
from customers.services import run_import, start_import
from reviews.models import Case
from risk.services import rate_customers
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.acting import answer, begin, enter, notified, open_for_business, settle_attempt, submitted
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.attributes import define
from tests.customers.books import book, company, person, upload
from tests.portal.browsing import CHROMIUM, address
from tests.portal.inspecting import AXE, COLOURS, TOO_WIDE

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Scene:
    """A bank in the middle of its work."""

    pages: dict[str, str]
    officer: User
    approver: User
    administrator: User
    moving: str


@pytest.fixture
def scene(tenant: Tenant, make_user: MakeUser) -> Scene:
    officer, approver = make_user(tenant, Role.OFFICER, "saeki"), make_user(tenant, Role.APPROVER, "otsuka")
    administrator = make_user(tenant, Role.ADMINISTRATOR, "hamaguchi")
    for user, name in ((officer, "佐伯 真由美"), (approver, "大塚 健一"), (administrator, "浜口 直人")):
        user.name = name
        user.save(update_fields=["name"])
    with tenant_scope(tenant.pk):
        open_for_business()
        content = book(company(), person(customer_number="3", birth_on="1980-02-30"))
        taken = start_import(file=upload(content), filename="CIF_20261124.csv", actor=Actor.user(officer.pk), now=NOW)
        people = [enter(100 + number, tier=("HIGH", "MEDIUM", "LOW")[number % 3]) for number in range(12)]
        campaign = notified(officer, approver)
        settle_attempt(people[0], "LINE", is_failure=False)
        settle_attempt(people[1], "LINE", is_failure=True)
        begin(people[1])
        answer(people[2], occupation="executive", address="神戸市中央区港島南町4丁目7番1号", postal_code="6500047")
        answer(people[5], occupation="self_employed")
        rate_customers(customer_ids=[people[0].pk], actor=SYSTEM, now=NOW)
        enter(200)
        draft = submitted(officer)
        text = draft_template(slot=SLOTS["sms-request-ja"], actor=Actor.user(officer.pk), now=NOW)
        wanted = {"channel": "SMS", "name": "外部 花子", "address": "090-7777-0001"}
        add_guest(**wanted, actor=Actor.user(officer.pk), now=NOW)
        account = ProviderAccount.objects.get(channel="SMS")
        asked = {"schema": 1, "conditions": [{"field": "risk_tier", "any_of": ["HIGH"]}]}
        segment = save_segment(
            name="高リスク先", document=asked, is_shared=True, owner=officer.pk, actor=Actor.user(officer.pk), now=NOW
        )
        attribute = define(administrator, NOW)
        case = Case.objects.order_by("opened_at").values_list("pk", flat=True)[0]
        pages = {
            "home": reverse("home"),
            "customers": reverse("customers"),
            "customers-none": reverse("customers") + "?search=nobody",
            "segments": reverse("segments"),
            "segment-new": reverse("segment-new"),
            "segment": reverse("segment", args=[segment.pk]),
            "customers-segment": reverse("customers") + f"?segment={segment.pk}",
            "customer": reverse("customer", args=[people[2].pk]),
            "timeline": reverse("customer-timeline", args=[people[2].pk]),
            "attributes": reverse("attributes"),
            "attribute-new": reverse("attribute-new"),
            "attribute": reverse("attribute", args=[attribute.pk]),
            "imports": reverse("imports"),
            "import-new": reverse("import-new"),
            "import": reverse("import", args=[taken.pk]),
            "campaigns": reverse("campaigns"),
            "campaign-new": reverse("campaign-new"),
            "campaign-plan": reverse("campaign", args=[draft.pk]),
            "campaign-progress": reverse("campaign", args=[campaign.pk]),
            "campaign-customers": reverse("campaign-customers", args=[campaign.pk]) + "?stage=answered",
            "templates": reverse("templates"),
            "template-place": reverse("template-place", args=["line-request-ja"]),
            "template": reverse("template", args=[text.pk]),
            "template-guests": reverse("template-guests"),
            "template-customer": reverse("template-customer", args=["email-request-ja", 0, people[2].pk]),
            "reviews": reverse("reviews"),
            "case": reverse("case", args=[case]),
            "audit": reverse("audit"),
            "sending": reverse("sending"),
            "opt-outs": reverse("sending-opt-outs"),
            "account": reverse("sending-channel", args=[account.pk]),
            "resends": reverse("campaign-resends"),
            "resend-new": reverse("campaign-resend", args=[campaign.pk]),
            "not-found": "/nowhere/",
        }
    return Scene(pages, officer, approver, administrator, str(campaign.pk))


@pytest.fixture
def finished(scene: Scene, tenant: Tenant) -> Scene:
    """The same, with the import read to its end."""
    with tenant_scope(tenant.pk):
        item = CustomerImport.objects.get()
    with tenant_scope(tenant.pk):
        run_import(import_id=item.pk, actor=SYSTEM, now=NOW)
    return scene


def sign_in(page: Page, address: str, user: User) -> None:
    page.goto(f"{address}{reverse('sign-in')}")
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator(".button--primary").click()
    page.wait_for_url(f"{address}{reverse('home')}")


@pytest.mark.parametrize("kind", ["desk", "phone", "phone-without-script"])
def test_every_page_reads_well(kind: str, finished: Scene, address: str, tmp_path: Path) -> None:
    """W7, WCAG 2.2 AA: no axe violation, one heading, nothing scrolls sideways, at a desk, on a phone, in the dark."""
    has_script = "without" not in kind
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            viewport=DESK if kind == "desk" else PHONE,
            java_script_enabled=has_script,
            bypass_csp=has_script,  # for axe alone: it is injected
            locale="ja-JP",
        )
        page = context.new_page()
        page.goto(f"{address}{reverse('sign-in')}")
        problems = _look(page, "sign-in", tmp_path, kind)
        for user, names in (
            (finished.officer, [name for name in finished.pages if name not in ("audit", "attribute-new")]),
            (finished.approver, ["home", "campaign-plan", "case", "audit"]),
            (finished.administrator, ["sending", "account", "attributes", "attribute-new", "attribute"]),
        ):
            context.clear_cookies()
            sign_in(page, address, user)
            for name in names:
                page.goto(f"{address}{finished.pages[name]}")
                problems += _look(page, f"{user.name}-{name}", tmp_path, kind)
        browser.close()
    assert problems == []


def _look(page: Page, name: str, pictures: Path, kind: str) -> list[str]:
    problems = [] if page.locator("h1").count() == 1 else [f"{name}: headings"]
    if kind == "phone-without-script":
        return problems
    if page.evaluate(TOO_WIDE):
        problems.append(f"{name}: scrolls sideways")
    if (result := Axe().run(page, options=AXE)).violations_count:
        problems.append(f"{name}: {result.generate_report()}")
    if kind == "phone":
        page.emulate_media(color_scheme="dark")
        if (result := Axe().run(page, options=COLOURS)).violations_count:
            problems.append(f"{name} in the dark: {result.generate_report()}")
        page.emulate_media(color_scheme="light")
    if problems:
        page.screenshot(path=pictures / f"{name}.png", full_page=True)
    return problems


def test_progress_moves_by_itself_under_the_pages_own_policy(scene: Scene, tenant: Tenant, address: str) -> None:
    """The import's page asks until the end and then stops; the policy is never broken."""
    with tenant_scope(tenant.pk):
        item = CustomerImport.objects.get()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport=DESK, locale="ja-JP").new_page()
        complaints: list[str] = []
        page.on("console", lambda message: _note(message, complaints))
        sign_in(page, address, scene.officer)
        page.goto(f"{address}{scene.pages['import']}")
        assert page.locator("#progress[hx-get]").count() == 1
        _in_thread(tenant, item)
        page.locator("#errors").wait_for(timeout=10_000)
        assert page.locator("#progress[hx-get]").count() == 0
        page.goto(f"{address}{scene.pages['campaign-progress']}")
        with page.expect_response(lambda answer: scene.moving in answer.url, timeout=10_000) as caught:
            pass
        assert caught.value.status == 200
        page.locator(".topbar__user").click()
        assert page.locator("#account").is_visible()
        browser.close()
    assert complaints == []


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    if message.type in {"error", "warning"}:
        complaints.append(message.text)


def _in_thread(tenant: Tenant, item: CustomerImport) -> None:
    """Read the file beside the browser, whose loop keeps this thread from the ORM."""
    import threading

    def work() -> None:
        with tenant_scope(tenant.pk):
            run_import(import_id=item.pk, actor=SYSTEM, now=NOW)
        connections.close_all()  # the customers' keys are in a database of their own

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
