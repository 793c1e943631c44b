"""Editing in a real browser, at a desk and on a phone: every page on the way reads well, and it saves."""

from __future__ import annotations

from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from customers.models import Customer
from customers.selectors import facts_of
from tenants.models import Tenant, User
from tests.campaigns.acting import enter
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.reporting.test_journey import DESK, PHONE, sign_in

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


def look(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it stands."""
    picture(page, name)
    found = [f"{name}: {one['id']}" for one in Axe().run(page, options=AXE).response["violations"]]
    return [*found, *([f"{name}: too wide"] if page.evaluate(TOO_WIDE) else [])]


@pytest.mark.parametrize("kind", ["desk", "phone"])
def test_a_customer_is_edited_looked_at_and_saved(kind: str, in_tenant: Tenant, officer: User, address: str) -> None:
    customer = enter(
        1, nationality="VN", residence_expires_on=date(2026, 11, 30), residence_applied_on=date(2026, 10, 1)
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        viewport = DESK if kind == "desk" else PHONE
        page = browser.new_context(viewport=viewport, bypass_csp=True, locale="ja-JP").new_page()  # axe is injected
        sign_in(page, address, officer)
        page.goto(f"{address}{reverse('customer', args=[customer.pk])}")
        page.locator(f'a[href="{reverse("customer-edit", args=[customer.pk])}"]').click()
        wrong = look(page, f"closed-{kind}")
        page.locator('[popovertarget="reveal"].button--primary').click()
        page.locator('[name="reason"][value="INQUIRY"]').check()
        page.locator("#reveal .button--primary").click()
        page.wait_for_selector('[name="draft"]', state="attached")
        wrong += look(page, f"form-{kind}")
        page.locator("#id_former_name").fill("山本　一郎")
        page.locator("#id_tax_residences").fill("日本、月")
        page.locator('[name="reason"][value="PAPER"]').check()
        page.locator("form .button--primary").click()
        page.wait_for_selector(".error-summary")
        wrong += look(page, f"errors-{kind}")
        page.locator("#id_tax_residences").fill("日本、米国")
        page.locator("form .button--primary").click()
        page.wait_for_selector("del")
        wrong += look(page, f"confirm-{kind}")
        page.locator("form .button--primary").click()
        page.wait_for_url(f"**{reverse('customer', args=[customer.pk])}")
        wrong += look(page, f"customer-{kind}")
        page.goto(f"{address}{reverse('customer-timeline', args=[customer.pk])}")
        wrong += look(page, f"timeline-{kind}")
        browser.close()
    assert wrong == []
    with transaction.atomic():
        facts = facts_of(Customer.objects.get(pk=customer.pk))
    assert (facts["former_name"], facts["tax_residences"]) == ("山本　一郎", ["JP", "US"])
