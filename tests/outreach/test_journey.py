"""Calls and visits in a real browser: at a desk, on a telephone, without script, with a connection that breaks."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils.timezone import now
from playwright.sync_api import BrowserContext, Error, Page, Response, Route, sync_playwright

from audit.services import Actor
from outreach.identity import check_identity
from outreach.models import OutreachTask, OutreachTry, VisitRecord
from outreach.services import make_task, take_task
from outreach.visits import save_step
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.acting import enter, notified, open_for_business
from tests.conftest import NOW, MakeUser
from tests.outreach.test_pages import photograph
from tests.outreach.test_tasks import RIGHT
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.reporting.test_journey import DESK, PHONE, sign_in
from uploads.models import Upload

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

BUDGET = 40 * 1024


@dataclass(frozen=True)
class Street:
    """Somebody with a call and a visit to make."""

    officer: User
    call: OutreachTask
    visit: OutreachTask


@pytest.fixture
def street(tenant: Tenant, make_user: MakeUser) -> Street:
    officer, approver = make_user(tenant, Role.OFFICER, "saeki"), make_user(tenant, Role.APPROVER, "otsuka")
    actor = Actor.user(officer.pk)
    with tenant_scope(tenant.pk):
        open_for_business()
        customer, other = enter(1, branch_code="012"), enter(2)
        notified(officer, approver)
        call = make_task(customer=customer, kind="TELEPHONE", actor=actor, now=NOW)
        visit = make_task(customer=other, kind="VISIT", actor=actor, now=NOW)
        for task in (call, visit):
            take_task(task=task, actor=actor, now=NOW)
    return Street(officer, call, visit)


def at(task: OutreachTask, step: str) -> str:
    return reverse("outreach-visit", args=[task.pk, step])


def test_a_visit_is_recorded_once_although_the_connection_breaks(street: Street, tenant: Tenant, address: str) -> None:
    """390 px, no script: the last form arrives, its answer does not, and the person comes back to it."""
    task = street.visit
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=PHONE, java_script_enabled=False, locale="ja-JP")
        page = context.new_page()
        sign_in(page, address, street.officer)
        page.goto(address + at(task, "place"))
        page.locator("input[value=yes]").check()
        page.locator(".button--primary").click()
        page.wait_for_url(address + at(task, "house"))
        page.locator("input[value=same]").check()
        page.locator("input[value=nameplate]").check()
        page.locator(".button--primary").click()
        page.wait_for_url(address + at(task, "photo"))
        page.locator(".button--primary").click()
        page.wait_for_url(address + at(task, "end"))
        page.locator("input[value=ABSENT]").check()
        page.locator("textarea").fill("夕方に再訪")
        page.route("**" + at(task, "end"), lose_the_answer)
        with pytest.raises(Error):
            send_and_wait(page)
        page.unroute_all()
        page.goto(address + at(task, "end"))
        assert page.url == address + reverse("outreach-task", args=[task.pk]), "it is closed; the task shows it"
        browser.close()
    with tenant_scope(tenant.pk):
        assert OutreachTry.objects.filter(task=task).count() == 1
        record = VisitRecord.objects.get(task=task)
        assert record.details["checklist"] == ["nameplate"]
        assert record.finished_at


def test_what_was_typed_stays_while_there_is_no_connection(street: Street, tenant: Tenant, address: str) -> None:
    """Offline at the door: every step keeps its form and goes by itself when the connection is back, once."""
    task, picture = street.visit, photograph()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=PHONE, locale="ja-JP")
        page = context.new_page()
        sign_in(page, address, street.officer)
        page.goto(address + at(task, "place"))
        page.locator(".button--primary").click()
        page.locator("[role=alert]").wait_for()  # 422 arrives in the same page
        page.locator("input[value=yes]").check()
        _cut_off(context, page)
        assert page.locator("input[value=yes]").is_checked(), "what was typed is still there"
        context.set_offline(False)
        page.wait_for_url(address + at(task, "house"))
        page.locator("input[value=none]").check()
        page.locator(".button--primary").click()
        page.wait_for_url(address + at(task, "photo"))
        page.locator("input[type=file]").set_input_files(
            {"name": "看板.jpg", "mimeType": "image/jpeg", "buffer": picture.read()}
        )
        _cut_off(context, page, ".button[type=submit]")
        context.set_offline(False)
        page.locator("main li").wait_for()
        page.goto(address + at(task, "end"))
        page.locator("input[value=ABSENT]").check()
        page.locator("textarea").fill("夕方に再訪")
        _cut_off(context, page)
        page.locator(".button--primary").click()  # by hand, still without a connection
        context.set_offline(False)
        page.wait_for_url(address + reverse("outreach-task", args=[task.pk]))
        browser.close()
    with tenant_scope(tenant.pk):
        assert [one.note for one in OutreachTry.objects.filter(task=task)] == ["夕方に再訪"]
        assert Upload.objects.count() == 1
        assert VisitRecord.objects.get().details["address_confirmed"] == "yes"


def test_who_was_signed_out_meanwhile_signs_in_elsewhere_and_sends_it_again(
    street: Street, tenant: Tenant, address: str
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=PHONE, locale="ja-JP")
        page = context.new_page()
        sign_in(page, address, street.officer)
        page.goto(address + at(street.visit, "place"))
        page.locator("input[value=no]").check()
        context.clear_cookies()
        page.locator(".button--primary").click()
        page.wait_for_function(
            "document.getElementById('line').textContent === document.getElementById('line').dataset.signin"
        )
        other = context.new_page()
        sign_in(other, address, street.officer)
        page.locator(".button--primary").click()
        page.wait_for_url(address + at(street.visit, "house"))
        browser.close()
    with tenant_scope(tenant.pk):
        assert VisitRecord.objects.get().details["address_confirmed"] == "no"


def _cut_off(context: BrowserContext, page: Page, button: str = ".button--primary") -> None:
    """Send without a connection, and be told so."""
    context.set_offline(True)
    page.locator(button).click()
    page.wait_for_function(
        "document.getElementById('line').textContent === document.getElementById('line').dataset.lost"
    )


def lose_the_answer(route: Route) -> None:
    """The server has it; the browser never hears so."""
    route.fetch(max_redirects=0)
    route.abort("connectionreset")


def send_and_wait(page: Page) -> None:
    with page.expect_navigation(timeout=5_000):
        page.locator(".button--primary").click()
    raise Error("nothing arrived")


@pytest.mark.parametrize("kind", ["desk", "phone"])
def test_every_page_reads_well(kind: str, street: Street, tenant: Tenant, address: str) -> None:
    """W7: no axe violation, one heading, nothing scrolls sideways; the steps of a visit weigh under 40 KB each."""
    with tenant_scope(tenant.pk):
        save_step(
            task=street.visit, values={"address_confirmed": "yes"}, actor=Actor.user(street.officer.pk), now=now()
        )
        visit_pages = {step: at(street.visit, step) for step in ("place", "house", "photo", "end")}
        check_identity(task_id=street.call.pk, said=RIGHT, actor=Actor.user(street.officer.pk), now=now())
    pages = {
        "list": reverse("outreach"),
        "capacity": reverse("outreach-capacity"),
        "workload": reverse("outreach-workload"),
        "new": reverse("outreach-new", args=[street.call.customer_id]),
        "call": reverse("outreach-task", args=[street.call.pk]),
        "task": reverse("outreach-task", args=[street.visit.pk]),
        **visit_pages,
    }
    problems = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        viewport = DESK if kind == "desk" else PHONE
        context = browser.new_context(viewport=viewport, bypass_csp=True, locale="ja-JP")
        page = context.new_page()
        sign_in(page, address, street.officer)
        for name, path in pages.items():
            problems += look(page, f"{kind}-{name}", address + path, is_light=name in visit_pages)
        page.goto(address + pages["call"])
        page.locator(f"form[action$='{reverse('outreach-begin', args=[street.call.pk])}'] button").click()
        problems += look(page, f"{kind}-question", page.url)
        browser.close()
    assert problems == []


def look(page: Page, name: str, url: str, *, is_light: bool = False) -> list[str]:
    weights: list[int] = []

    def weigh(response: Response) -> None:
        weights.append(len(response.body()))

    if is_light:
        page.on("response", weigh)
    page.goto(url)
    if is_light:
        page.wait_for_load_state("networkidle")
        page.remove_listener("response", weigh)
    picture(page, name)
    problems = [] if page.locator("h1").count() == 1 else [f"{name}: headings"]
    if is_light and not 0 < sum(weights) <= BUDGET:
        problems.append(f"{name}: weighs {sum(weights)} bytes")
    if page.evaluate(TOO_WIDE):
        problems.append(f"{name}: scrolls sideways")
    result = Axe().run(page, options=AXE)
    if result.violations_count:
        problems.append(f"{name}: {result.generate_report()}")
    return problems
