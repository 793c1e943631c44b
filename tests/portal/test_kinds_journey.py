"""Every kind of question, files among them, on a telephone and a desk, with and without script; long and rare names."""

from __future__ import annotations

import copy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright
from pytest_django import Settings

from questionnaires.shaping import parse
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.browsing import CHROMIUM, DESK, PHONE, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.portal.papers import PAPERS, kept
from tests.portal.test_journey import SMALL_TARGETS, UNLABELLED, now
from tests.questionnaires.documents import EVERYTHING
from tests.questionnaires.filing import PERSON, Sent, send_link
from tests.uploads.hostile import card, written

__all__ = ["address", "now"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

# 140 of them: no blank to break at, accents, combining marks, a variant of a character, one outside the first plane.
NAMES = {
    "latin": "Wolfeschlegelsteinhausenbergerdorff" * 4,
    "combining": "A\u0301\u0323o\u0302\u0309" * 24,
    "variants": ("葛\U000e0100飾" + "𠮷" + "髙﨑") * 20,
    "nepali": "श्रीमद्भागवतानन्द" * 8,
}


def every_kind() -> dict[str, Any]:
    made = copy.deepcopy(EVERYTHING)
    for page in made["pages"]:
        page.pop("show_if", None)
    return made


def enter(page: Page, address: str, sent: Sent) -> None:
    page.goto(f"{address}/r/{sent.token}/identity/")
    page.locator("input[name=era][value=showa]").check(force=True)
    for name, value in (("year", "23"), ("month", "5"), ("day", "3"), ("last_digits", "4567")):
        page.locator(f"input[name={name}]").fill(value)
    page.locator('main button[name="action"][value="continue"]').click()
    page.wait_for_url("**/r/answer/**")


def look(page: Page, name: str) -> None:
    picture(page, f"portal-{name}")
    assert page.evaluate(UNLABELLED) == []
    assert page.evaluate(SMALL_TARGETS) == []
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": 320, "height": 700})
    assert not page.evaluate(TOO_WIDE), f"{name} scrolls sideways at 320 px"
    page.set_viewport_size(size)


@pytest.fixture
def card_file(tmp_path: Path) -> str:
    path = tmp_path / "免許証のおもて.jpg"
    path.write_bytes(written(card(blur=6), "JPEG"))
    return str(path)


@pytest.mark.parametrize("kind", ["phone", "desk", "phone-without-script"])
def test_a_card_is_photographed_on_both_sides(
    tenant: Tenant, now: datetime, address: str, settings: Settings, tmp_path: Path, card_file: str, kind: str
) -> None:
    settings.UPLOAD_SCAN = "off"
    sent = send_link(tenant, now=now, document=PAPERS)
    sharp = tmp_path / "back.jpg"
    sharp.write_bytes(written(card(), "JPEG"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        has_script = "without" not in kind
        context = browser.new_context(
            viewport=DESK if kind == "desk" else PHONE,
            java_script_enabled=has_script,
            bypass_csp=has_script,
            locale="ja-JP",
        )
        page = context.new_page()
        enter(page, address, sent)
        page.locator("#remark").fill("転居しました")
        page.locator("#card-front").set_input_files(card_file)
        page.locator('button[value="attach"]').first.click()
        page.locator(".saved").wait_for()
        assert page.locator(".handed li").count() == 1
        assert page.locator("#remark").input_value() == "転居しました"
        if has_script:
            look(page, f"files-{kind}")
        page.locator('button[value="continue"]').click()
        page.locator(".error-summary").wait_for()
        if has_script:
            look(page, f"files-error-{kind}")
        page.locator("#card-back-camera").set_input_files(str(sharp))
        page.locator('button[value="continue"]').click()
        page.wait_for_url("**/r/answer/more/")
        browser.close()
    assert kept(sent) == [("card", "front", "CLEAN"), ("card", "back", "CLEAN")]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_however_long_or_rare_widens_a_page(tenant: Tenant, now: datetime, address: str, name: str) -> None:
    """320 px: what is on file, every question, and what was answered."""
    sent = send_link(tenant, now=now, document=every_kind())
    long = NAMES[name][:140]
    with tenant_scope(tenant.pk):
        sent.customer.profile = {**PERSON, "name": long}
        sent.customer.save()
        sent.response.refresh_from_db()
        fields = [field for page in parse(every_kind()).pages for field in page.fields]
        sent.response.answers = {
            **dict.fromkeys(fields),
            "remarks": long,
            "nickname": long,
            "officers": [{"name": long, "position": long[:60]}],
        }
        sent.response.save()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 320, "height": 640}, locale="ja-JP").new_page()
        enter(page, address, sent)
        for asked in [*(page.id for page in parse(every_kind()).pages), "check"]:
            page.goto(f"{address}/r/answer/{asked}/")
            assert page.url.endswith(f"/{asked}/"), page.url
            assert not page.evaluate(TOO_WIDE), asked
            picture(page, f"portal-320-{name}-{asked}")
        page.goto(f"{address}/r/answer/who/")
        page.locator("summary.button").first.click()
        page.locator("input[name=name]").fill("山" + long[:139])
        page.locator('details button[value="continue"]').click()
        page.wait_for_url(lambda url: "/who/" not in url)
        page.goto(f"{address}/r/answer/check/")
        assert not page.evaluate(TOO_WIDE)
        assert long[:139] in page.inner_text("main")
        browser.close()
