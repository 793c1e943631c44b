"""The builder in a real browser: the number follows the conditions, under the page's own policy and without script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright

from customers.models import Customer
from tenants.models import Tenant, User
from tests.customers.books import book, company, person
from tests.customers.taking import take
from tests.portal.browsing import CHROMIUM, address
from tests.portal.inspecting import TOO_WIDE
from tests.reporting.test_journey import DESK, PHONE, sign_in

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


@pytest.fixture
def rated(in_tenant: Tenant, officer: User, staff_client: Callable[[User], Client]) -> None:
    take(staff_client(officer), book(company(), *(person(customer_number=f"{n:010d}") for n in range(1, 10))))
    with transaction.atomic():
        Customer.objects.filter(number__in=["C-1", "0000000001", "0000000002"]).update(risk_tier="HIGH")
    return


def build(page: Page, address: str, *, has_script: bool) -> None:
    """From the list to a saved filter and back, as somebody would."""
    page.goto(f"{address}{reverse('customers')}")
    page.locator(f'a.chip[href="{reverse("segment-new")}"]').click()
    count = page.locator("#count .figure__value")
    page.locator('[name="risk_tier"][value="HIGH"]').check()
    if not has_script:
        page.locator(f'[formaction="{reverse("segment-count")}"]').click()
    expect(count).to_contain_text("3")
    page.locator('[name="kind"][value="COMPANY"]').check()
    if not has_script:
        page.locator(f'[formaction="{reverse("segment-count")}"]').click()
    expect(count).to_contain_text("1")
    assert not page.evaluate(TOO_WIDE) if has_script else True
    page.locator("#id_name").fill("高リスクの法人")
    page.locator("aside .button--primary").click()
    page.wait_for_url("**/customers/?segment=*")
    assert page.locator("tbody tr").count() == 1
    page.locator("#search").fill("あさなぎ")
    page.locator("form.search .button--primary").click()
    page.wait_for_url("**search=*")
    assert page.locator("tbody tr").count() == 1
    page.locator("tbody a").first.click()
    page.wait_for_url(re.compile("customers/[0-9a-f-]{36}/"))
    page.go_back()
    page.wait_for_url("**search=*")
    assert page.locator("tbody tr").count() == 1
    assert page.locator("#search").input_value() == "あさなぎ"


@pytest.mark.parametrize("kind", ["desk", "phone", "phone-without-script"])
def test_a_filter_is_built_counted_kept_and_used(kind: str, rated: None, officer: User, address: str) -> None:
    """W7: nothing on the way breaks the policy, and going back and on asks for nothing again."""
    has_script = "without" not in kind
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        viewport = DESK if kind == "desk" else PHONE
        page = browser.new_context(viewport=viewport, java_script_enabled=has_script, locale="ja-JP").new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        sign_in(page, address, officer)
        build(page, address, has_script=has_script)
        browser.close()
    assert complaints == []
