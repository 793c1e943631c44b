"""The whole way of a file in a real browser, at a desk and on a phone: dropped, tried, taken in and taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, ViewportSize, sync_playwright

from customers.models import AttributeChange, Customer, CustomerImport
from customers.services import apply_facts, run_import, run_waiting_imports, start_import
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.books import book, company, person, upload
from tests.customers.test_import_steps import own_book
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.reporting.test_journey import DESK, PHONE, sign_in

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

FILE = own_book(
    person(phone="080-9999-0000", occupation="学生", address="大阪府大阪市北区梅田1丁目", postal_code="5300001"),
    person(customer_number="2", occupation="学生"),
    company(representative="鈴木　一"),
    person(customer_number="3", name="佐々木　次郎"),
    person(customer_number="4", birth_on="1980-02-30"),
)


@pytest.fixture
def saeki(tenant: Tenant, make_user: MakeUser) -> User:
    """An officer of a bank with some customers."""
    officer = make_user(tenant, Role.OFFICER, "saeki")
    with tenant_scope(tenant.pk):
        content = book(person(), person(customer_number="2"), company())
        old = start_import(file=upload(content), filename="CIF_202610.csv", actor=SYSTEM, now=NOW)
    beside(tenant, lambda: run_import(import_id=old.pk, actor=SYSTEM, now=NOW))
    return officer


def beside(tenant: Tenant, work: Callable[[], object]) -> None:
    """Do something beside the browser, whose loop keeps this thread from the ORM."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with tenant_scope(tenant.pk):
                work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert failures == []


def background(tenant: Tenant) -> None:
    """One round of the background's work."""
    beside(tenant, lambda: run_waiting_imports(actor=SYSTEM, now=NOW))


def change_by_hand(tenant: Tenant) -> None:
    """Somebody corrects a customer at the counter."""

    def work() -> None:
        apply_facts(
            customer=Customer.objects.get(number="2"),
            changes={"occupation": "executive"},
            source=AttributeChange.Source.STAFF,
            actor=SYSTEM,
            now=NOW,
        )

    beside(tenant, work)


@pytest.mark.parametrize(("kind", "viewport"), [("desk", DESK), ("phone", PHONE)])
def test_a_file_is_dropped_tried_taken_in_and_taken_back(
    kind: str, viewport: ViewportSize, saeki: User, tenant: Tenant, address: str, tmp_path: Path
) -> None:
    problems: list[str] = []
    file = tmp_path / "顧客_202611.csv"
    file.write_bytes(FILE)

    def look(page: Page, name: str) -> None:
        picture(page, f"wizard-{kind}-{name}")
        if page.locator("h1").count() != 1:
            problems.append(f"{name}: headings")
        if page.evaluate(TOO_WIDE):
            problems.append(f"{name}: scrolls sideways")
        result = Axe().run(page, options=AXE)
        if result.violations_count:
            problems.append(f"{name}: {result.generate_report()}")

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and ".css" not in message.location["url"]:  # axe asks for parts of ours
            problems.append(message.text)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=viewport, locale="ja-JP", bypass_csp=True)  # for axe alone
        page = context.new_page()
        page.on("console", note)
        sign_in(page, address, saeki)
        page.goto(f"{address}{reverse('import-new')}")
        page.locator("#id_file").set_input_files(file)
        page.locator("main .button--primary").click()

        form = page.locator("form[action$='/columns/']")
        form.wait_for()
        own = page.url
        look(page, "1-columns")
        for title, key in (("人格", "kind"), ("お名前", "name"), ("取扱店", "branch_code")):
            page.get_by_label(title, exact=True).select_option(key)
        form.locator(".button--primary").click()
        page.locator("#progress[hx-get]").wait_for()
        look(page, "2-trying")
        background(tenant)

        page.locator("form[action$='/commit/']").wait_for(timeout=10_000)
        figures = page.locator(".figure__value").all_inner_texts()
        assert figures[:5] == ["1", "3", "0", "1", "5"]
        look(page, "3-tried")
        page.goto(f"{own}changes/")
        assert "+81" not in page.content()
        assert page.locator("ins").count() == 6
        look(page, "4-changes")
        page.goto(f"{own}changes/?attribute=occupation")
        assert page.locator("tbody tr").count() == 2
        page.goto(own)
        page.locator("form[action$='/commit/'] button").click()
        page.locator("#progress[hx-get]").wait_for()
        background(tenant)

        undo = page.locator("form[action$='/undo/']")
        undo.wait_for(state="attached", timeout=10_000)
        look(page, "5-taken-in")
        change_by_hand(tenant)
        page.locator("details:has(form[action$='/undo/']) summary").click()
        undo.locator("button").click()
        page.locator("#progress[hx-get]").wait_for()
        look(page, "6-going-back")
        background(tenant)

        page.locator("a[href$='?show=kept']").wait_for(timeout=10_000)
        look(page, "7-taken-back")
        page.locator("a[href$='?show=kept']").click()
        page.wait_for_url("**/changes/?show=kept")  # a click does not wait for the page it leads to, nor does a count
        assert page.locator("tbody tr").count() == 1
        look(page, "8-kept")
        page.goto(f"{address}{reverse('imports')}")
        look(page, "9-list")

        page.goto(f"{address}{reverse('import-new')}")
        page.locator("#id_file").set_input_files(file)
        page.locator("main .button--primary").click()
        page.locator("#progress[hx-get]").wait_for()  # no click: the heading line is known
        browser.close()
    assert problems == []
    with tenant_scope(tenant.pk):
        assert set(CustomerImport.objects.values_list("status", flat=True)) == {"COMPLETED", "UNDONE", "CHECKING"}
        assert set(Customer.objects.values_list("number", flat=True)) == {"0000000001", "2", "C-1"}
