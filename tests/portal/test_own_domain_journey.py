"""On the bank's own domain, from the link to the receipt, on a phone: a real browser asks for it by its name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from playwright.sync_api import sync_playwright

from tenants.models import Tenant
from tests.nameserver import nameserver
from tests.portal.browsing import CHROMIUM, PHONE
from tests.portal.test_journey import Visitor
from tests.questionnaires.filing import Sent
from tests.tenants.domains import HOST, Registrar, registrar

__all__ = ["nameserver", "registrar"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


@pytest.fixture
def at_home(registrar: Registrar, tenant: Tenant, person: Sent, now: datetime) -> Sent:
    """A customer of a bank that is on its own domain."""
    registrar.take_into_use(tenant, now=now)
    return person


@pytest.fixture
def visitor(at_home: Sent, address: str) -> Iterator[Visitor]:
    """A phone for which the bank's host is where the site is served; started last, as everywhere."""
    port = urlsplit(address).port
    with sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        context = browser.new_context(viewport=PHONE, bypass_csp=True, locale="ja-JP")
        yield Visitor(context.new_page(), f"http://{HOST}:{port}", "own-domain")
        browser.close()


def test_from_the_link_to_the_receipt_under_the_banks_name(at_home: Sent, visitor: Visitor) -> None:
    page = visitor.page
    strangers: list[str] = []
    page.on("request", lambda request: strangers.append(request.url) if HOST not in request.url else None)
    page.goto(f"{visitor.address}/")
    visitor.look("entry")
    page.goto(f"{visitor.address}/check/")
    visitor.look("authenticity")
    page.goto(f"{visitor.address}/r/{at_home.token}/")
    visitor.look("landing")
    assert page.locator(".foot .addr").inner_text() == urlsplit(visitor.address).netloc
    page.locator("main .button--primary").click()
    visitor.look("identity")
    page.check('input[name="era"][value="showa"]')
    for name, value in (("year", "23"), ("month", "5"), ("day", "3"), ("last_digits", "4567")):
        page.fill(f"#{name}", value)
    visitor.press("continue")
    for _ in range(4):
        visitor.look("question")
        visitor.press("unchanged")
    for name in ("handles_cash", "sends_abroad", "is_foreign_pep"):
        visitor.look("question")
        page.check(f'input[name="{name}"][value="no"]')
        visitor.press("continue")
    visitor.look("check")
    visitor.press("submit")
    visitor.look("done")
    assert urlsplit(page.url).hostname == HOST
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies[settings.SESSION_COOKIE_NAME]["domain"] == HOST, "the host's own, without a dot in front"
    assert [url for url in strangers if not url.startswith("data:")] == []
    page.goto(f"{visitor.address}/sign-in/")
    assert page.locator("[data-end=unknown]").count() == 1
