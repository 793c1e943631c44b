"""The operators' pages in a real browser, under the product's own content security policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, sync_playwright

from tenants.models import Tenant, User
from tests.portal.browsing import CHROMIUM, address
from tests.tenants.builders import one_row_of_each

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


def test_the_browser_has_nothing_to_complain_about(
    address: str, tenant: Tenant, operator: User, officer: User, staff_client: Callable[[User], Client]
) -> None:
    one_row_of_each(tenant, officer)
    session = staff_client(operator).cookies[settings.SESSION_COOKIE_NAME].value
    places = [
        reverse("operators:index"),
        reverse("operators:channels_provideraccount_changelist"),
        reverse("operators:tenants_tenant_change", args=[tenant.pk]),
        reverse("operators:tenants_tenant_history", args=[tenant.pk]),
    ]
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="ja-JP")
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
        page = context.new_page()
        page.on("console", note)
        for place in places:
            shown = page.goto(address + place)
            assert shown is not None
            assert shown.status == 200, place
            assert tenant.name in page.content()
        browser.close()
    assert complaints == []
