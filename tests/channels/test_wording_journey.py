"""Writing a text in a real browser: the picker of variables, the check, a test that leaves; under its own policy."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import sync_playwright

from audit.services import Actor
from channels.gates import change_rules
from channels.wording.guests import add_guest
from channels.wording.selectors import SLOTS
from channels.wording.services import draft_template
from tenants.models import Tenant, User
from tests.channels.conftest import Weather
from tests.conftest import NOW
from tests.portal.browsing import CHROMIUM, address
from tests.reporting.test_journey import PHONE, sign_in

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


def test_a_text_is_written_checked_and_tried_on_a_phone(
    bank: Tenant, officer: User, weather: Weather, address: str
) -> None:
    maker = Actor.user(officer.pk)
    draft = draft_template(slot=SLOTS["sms-request-ja"], actor=maker, now=NOW)
    add_guest(channel="SMS", name="外部 花子", address="090-7777-0001", actor=maker, now=NOW)
    with transaction.atomic():  # whatever the clock says while this runs
        change_rules(changes={"quiet_from": None, "quiet_until": None}, actor=maker, now=NOW)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport=PHONE, locale="ja-JP").new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        sign_in(page, address, officer)
        page.goto(f"{address}{reverse('template', args=[draft.pk])}")
        page.fill("#id_body", "【あさなぎ銀行】確認のお願いです。\n")
        page.click(".picker summary")
        for name in ("{金融機関名}", "{期限}", "{受付番号}"):
            page.click(f'[data-insert="{name}"]')
        page.keyboard.type("\n")
        page.click('[data-insert="{リンク}"]')
        assert page.input_value("#id_body").endswith("です。\n{金融機関名}{期限}{受付番号}\n{リンク}")
        page.click('form[action$="/write/"] button[type=submit]')
        assert "0000-0000-0000" in page.inner_text(".bubble--sms")
        page.click('form[action$="/test/"] button[type=submit]')
        page.wait_for_selector("#tests ~ .panel__body b, .panel:has(#tests) .badge")
        browser.close()
    assert complaints == []
    [sent] = weather.messages("sms")[:1]
    assert (sent["to"], sent["text"].startswith("[テスト]【あさなぎ銀行】確認のお願いです。")) == (
        "+819077770001",
        True,
    )
