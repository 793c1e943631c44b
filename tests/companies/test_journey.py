"""Company news and the register in a real browser, at a desk and on a telephone."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from companies.models import CompanyNews, RegistryLoad
from sandbox.houjin_records import Record
from tenants.models import Tenant, User
from tests.companies.conftest import Make, number_of, record
from tests.companies.test_loading import moved
from tests.companies.test_news import keep, match
from tests.conftest import NOW
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.reporting.test_journey import DESK, PHONE, sign_in

__all__ = ["address"]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


@pytest.fixture
def pages(in_tenant: Tenant, officer: User, customer_of: Make) -> dict[str, str]:
    """A bank with four companies to which something has happened, and one without a number."""
    names = {1: "㈱うみかぜ商会", 2: "こもれび運輸有限会社", 3: "株式会社みなと食品", 4: "合同会社やまびこ"}
    pks = [
        customer_of(customer_number=f"0048{n}", corporate_number=number_of(n), name=name) for n, name in names.items()
    ]
    pks.append(customer_of(customer_number="00489", corporate_number="", name="株式会社そよかぜ"))
    first = [record(n, name=name.replace("㈱", "株式会社")) for n, name in names.items()]
    twins = [
        record(8, name="株式会社そよかぜ", kana="ソヨカゼ"),
        record(9, name="株式会社そよかぜ", prefecture="大阪府", city="大阪市北区", street="梅田１丁目"),
    ]
    keep(*first, *twins)
    ended: dict[str, Any] = {"changed_on": "2026-11-20", "closed_on": "2026-11-19"}
    keep(
        moved(first[0], postal_code="1000004"),
        Record(**{**vars(first[1]), **ended, "process": "21", "close_cause": "01"}),
        Record(**{**vars(first[2]), **ended, "process": "71", "close_cause": "11", "successor": number_of(1)}),
        Record(
            **{
                **vars(first[3]),
                "process": "11",
                "changed_on": "2026-11-18",
                "name": "合同会社やまびこホールディングス",
            }
        ),
    )
    assert match() == 4
    RegistryLoad.objects.create(kind="FULL", last_on=NOW.date(), started_at=NOW, finished_at=NOW)
    with transaction.atomic():
        news = dict(CompanyNews.objects.values_list("kind", "pk"))
    return {
        "list": reverse("company-news"),
        "moved": reverse("company-news-one", args=[news["MOVED"]]),
        "closed": reverse("company-news-one", args=[news["CLOSED"]]),
        "merged": reverse("company-news-one", args=[news["MERGED"]]),
        "register": reverse("customer-register", args=[pks[0]]),
        "candidates": reverse("customer-register", args=[pks[4]]),
        "customer": reverse("customer", args=[pks[0]]),
    }


def test_the_pages_can_be_used_by_everybody_and_news_is_taken_over(
    pages: dict[str, str], officer: User, address: str
) -> None:
    """WCAG by axe in both widths, nothing wider than the screen; then a click takes the new address over."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        # for axe alone: it is injected
        page = browser.new_context(viewport=DESK, locale="ja-JP", bypass_csp=True).new_page()
        sign_in(page, address, officer)
        wrong = [found for name, path in pages.items() for found in looked_at(page, address + path, name)]
        assert wrong == []
        page.goto(address + pages["moved"])
        page.locator("input[value=TAKEN_OVER]").check()
        page.locator("main aside button[type=submit]").click()
        page.wait_for_url(f"{address}{pages['list']}")
        assert page.locator("tbody tr").count() == 3
        page.goto(address + pages["register"])
        assert page.locator("main input[name=take]").count() == 0
        browser.close()


def looked_at(page: Page, url: str, name: str) -> list[str]:
    """What is wrong with a page."""
    wrong = []
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        response = page.goto(url)
        if response is None or response.status != 200:
            wrong.append(f"{name}: {response and response.status}")
        if page.evaluate(TOO_WIDE):
            wrong.append(f"{name} is too wide at {size['width']}")
        found = Axe().run(page, options=AXE).response["violations"]
        wrong += [f"{name}, {size['width']}: {one['id']}" for one in found]
        picture(page, f"companies-{name}-{size['width']}")
    return wrong
