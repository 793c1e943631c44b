"""An institution is given its look in a real browser: a red is refused, what is offered is taken, two people let it."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tenants.models import Tenant, User
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE, violations_of
from tests.reporting.test_journey import DESK, PHONE, sign_in
from tests.uploads.marks import png

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


def look(page: Page, name: str, complaints: list[str]) -> None:
    """At a desk and on a telephone: nothing wider than the screen, and WCAG 2.2 AA."""
    for kind, size in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(size)
        if page.evaluate(TOO_WIDE):
            complaints.append(f"{name} on a {kind} is too wide")
        picture(page, f"{name}-{kind}")
    page.set_viewport_size(DESK)
    if (found := Axe().run(page, options=AXE)).violations_count:
        complaints.append(f"{name}: {found.generate_report()}")


def test_a_look_is_written_proposed_and_approved(
    tenant: Tenant, administrator: User, approver: User, address: str, tmp_path: Path
) -> None:
    complaints: list[str] = []
    mark = tmp_path / "mark.png"
    mark.write_bytes(png())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport=DESK, bypass_csp=True).new_page()
        sign_in(page, address, administrator)
        page.goto(f"{address}/look/")
        look(page, "look-first", complaints)
        page.locator("#id_name").fill("みなと銀行")
        page.locator("#id_name_kana").fill("みなとぎんこう")
        page.locator("#id_brand_colour").fill("e60012")
        page.locator("main .button--primary").click()
        assert page.locator(".error-summary").is_visible()
        assert page.locator("#id_name").input_value() == "みなと銀行"
        look(page, "look-refused", complaints)
        page.locator("#id_brand_colour").fill("#0033a0")
        page.locator("#id_picture").set_input_files(mark)
        page.locator("main .button--primary").click()
        look(page, "look-written", complaints)
        for screen in ("landing", "question", "error"):
            for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(21, 23, 27)")):
                page.locator(f'a[href$="/{screen}/{scheme}/"]').click()
                page.wait_for_url(f"**/{screen}/{scheme}/")
                assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == ground
                assert page.locator(".brand img").evaluate("e => e.complete && e.naturalWidth") == 144
                if (screen == "landing") == (scheme == "light"):
                    complaints += [f"{screen} {scheme}: {fault}" for fault in violations_of(page)]
                picture(page, f"preview-{screen}-{scheme}")
                page.goto(f"{address}/look/")
        page.locator('form[action$="/propose/"] button').click()
        look(page, "look-proposed", complaints)
        decider = browser.new_context(viewport=DESK, bypass_csp=True).new_page()
        sign_in(decider, address, approver)
        decider.goto(f"{address}/look/")
        decider.locator('form[action$="/approve/"] button').click()
        look(decider, "look-approved", complaints)
        decider.goto(f"{address}/b/{tenant.slug}/")
        strip = "getComputedStyle(document.querySelector('.head')).borderTopColor"
        assert decider.evaluate(strip) == "rgb(0, 51, 160)"
        assert decider.locator(".brand").inner_text().strip() == "みなと銀行"
        browser.close()
    assert not complaints, "\n".join(complaints)
