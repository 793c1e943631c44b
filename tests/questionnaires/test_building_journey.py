"""A small questionnaire is built in a real browser: at a desk, and on a telephone without a script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from questionnaires.models import QuestionnaireDraft
from questionnaires.services import publish_standard
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.reporting.test_journey import DESK, PHONE, sign_in

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


def look(page: Page, name: str, complaints: list[str]) -> None:
    """WCAG 2.2 AA where axe can run, and nothing wider than the screen; a picture for whoever asks for one."""
    if name.startswith("desk") and (found := Axe().run(page, options=AXE)).violations_count:
        complaints.append(f"{name}: {found.generate_report()}")
    if page.evaluate(TOO_WIDE):
        complaints.append(f"{name} is too wide")
    picture(page, name)


def build(page: Page, address: str, kind: str, complaints: list[str]) -> None:
    page.goto(f"{address}{reverse('questionnaires')}")
    look(page, f"{kind}-list", complaints)
    page.locator(f'a[href="{reverse("questionnaire-new")}"]').click()
    for name, typed in {"name": "暮らしの確認", "name_en": "Living", "key": "living"}.items():
        page.locator(f"#id_{name}").fill(typed)
    page.locator("main .button--primary").click()
    page.wait_for_url("**/drafts/*/")
    page.locator('[value="question-add page_1"]').click()
    page.locator("#question-question_1 .outline__title a").click()
    page.locator("#id_label-ja").fill("お引っ越しをしましたか")
    page.locator("#id_kind").select_option("yes_no")
    look(page, f"{kind}-question", complaints)
    page.locator("main .button--primary").click()
    page.locator("#id_label-en").fill("Have you moved?")
    page.locator("#id_required").check()
    page.locator("main .button--primary").click()
    page.wait_for_url("**/drafts/*/*")
    page.locator('[value="page-copy page_1"]').click()
    page.locator("#page-page_2 h3 a").click()
    page.locator("#id_title-ja").fill("新しいお住まい")
    page.locator("#id_why-ja").fill("大切なお知らせをお届けするためです。")
    page.locator("#id_condition-answer-0").select_option("question_1")
    page.locator('[name="step"][value="row"]').click()
    page.locator("#id_condition-value-0").select_option("true")
    look(page, f"{kind}-page", complaints)
    page.locator('main .button-group [name="step"][value="keep"]').click()
    page.locator("#page-page_1 h3 a").click()
    page.locator("#id_title-ja").fill("お引っ越し")
    page.locator("#id_why-ja").fill("大切なお知らせをお届けするためです。")
    page.locator('main .button-group [name="step"][value="keep"]').click()
    look(page, f"{kind}-draft", complaints)
    draft = page.url.split("#")[0]
    for name in ("ways", "words", "uses", "preview"):
        page.goto(f"{draft}{name}/")
        look(page, f"{kind}-{name}", complaints)
    page.goto(draft)
    page.locator('form[action$="/propose/"] button').click()
    page.wait_for_url("**/drafts/*/")


@pytest.mark.parametrize("kind", ["desk", "phone"])
def test_a_questionnaire_is_built_and_proposed(kind: str, in_tenant: Tenant, officer: User, address: str) -> None:
    publish_standard(actor=SYSTEM, now=NOW)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        is_desk = kind == "desk"
        context = browser.new_context(
            viewport=DESK if is_desk else PHONE,
            java_script_enabled=is_desk,
            bypass_csp=is_desk,  # for axe alone: it is injected
            locale="ja-JP",
        )
        page = context.new_page()
        sign_in(page, address, officer)
        build(page, address, kind, complaints)
        browser.close()
    assert complaints == []
    with transaction.atomic():
        draft = QuestionnaireDraft.objects.get()
    assert draft.status == QuestionnaireDraft.Status.AWAITING_APPROVAL
    assert draft.document["pages"][1]["show_if"] == {"===": [{"var": "question_1"}, True]}
