"""A list is written, taken from a file and let through in a real browser: at a desk and on a telephone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, ViewportSize, sync_playwright

from audit.services import Actor
from customers.lists.models import CodeListDraft
from customers.lists.selectors import list_in_force
from customers.lists.services import propose_draft
from customers.lists.standard import standard_content
from questionnaires.drafting import begin_draft
from questionnaires.listing import take_list
from questionnaires.models import Questionnaire
from questionnaires.services import publish, publish_standard
from risk.services import publish_default_policy
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SYSTEM
from tests.customers.lists.publishing import adding, draft, entry, retiring
from tests.customers.lists.publishing import publish as publish_list
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.questionnaires.documents import document, page, question
from tests.reporting.test_journey import PHONE, sign_in

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]
DESK: ViewportSize = {"width": 1280, "height": 900}
DIVER = entry("diver", "海女・海士", en="Diver", group="漁業", also=("潜水漁業",))


def look(page: Page, name: str, complaints: list[str]) -> None:
    """WCAG 2.2 AA where axe can run, and nothing wider than the screen; a picture for whoever asks for one."""
    if name.startswith("desk") and (found := Axe().run(page, options=AXE)).violations_count:
        complaints.append(f"{name}: {found.generate_report()}")
    if page.evaluate(TOO_WIDE):
        complaints.append(f"{name} is too wide")
    picture(page, name)


@pytest.fixture
def waiting(tenant: Tenant, administrator: User, approver: User, officer: User) -> dict[str, str]:
    """A second version in force, a third one proposed, one of another list being written; pages by name."""
    occupation, industry = standard_content("occupation"), standard_content("industry")
    with tenant_scope(tenant.pk):
        publish_standard(actor=SYSTEM, now=NOW)
        publish_default_policy(actor=SYSTEM, now=NOW)
        found = list_in_force("occupation")
        assert found is not None
        asked = document(page("work", question("occupation", "radio", choices="occupation", maps_to="occupation")))
        publish({"individual": take_list(asked, "occupation", found)}, actor=SYSTEM, now=NOW)
        pawn = adding(industry, entry("pawn", "質屋", en="Pawnshop"))
        publish_list("industry", pawn, administrator, approver, NOW)
        publish_list("occupation", adding(occupation, DIVER), administrator, approver, NOW)
        made = draft(
            "occupation",
            adding(retiring(adding(occupation, DIVER), "student"), entry("monk", "僧侶")),
            administrator,
            NOW,
        )
        propose_draft(draft=made, revision=made.revision, actor=Actor.user(administrator.pk), now=NOW)
        other = draft("purpose", adding(standard_content("purpose"), entry("dues", "会費")), administrator, NOW)
        asking = Questionnaire.objects.get(key="individual")
        begun = begin_draft(questionnaire=asking, actor=Actor.user(officer.pk), now=NOW)
    return {
        "lists": reverse("lists"),
        "new": reverse("list-new"),
        "list": reverse("list", args=["occupation"]),
        "version": reverse("list-version", args=["occupation", 1]),
        "proposed": reverse("list-draft", args=[made.pk]),
        "draft": reverse("list-draft", args=[other.pk]),
        "entry": reverse("list-entry", args=[other.pk, "dues"]),
        "names": reverse("list-names", args=[made.pk]),
        "upload": reverse("list-upload", args=[other.pk]),
        "policy": reverse("risk-policy"),
        "questionnaire": reverse("questionnaire-draft", args=[begun.pk]),
        "question": reverse("questionnaire-draft-question", args=[begun.pk, "occupation"]),
    }


@pytest.mark.parametrize("kind", ["desk", "phone"])
def test_every_page_of_the_lists_is_fit_for_everybody(
    address: str, waiting: dict[str, str], administrator: User, officer: User, kind: str
) -> None:
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for who, names in ((administrator, [*waiting][:10]), (officer, [*waiting][10:])):
            is_desk = kind == "desk"
            context = browser.new_context(
                viewport=DESK if is_desk else PHONE,
                locale="ja-JP",
                bypass_csp=is_desk,  # for axe alone: it is injected
            )
            shown = context.new_page()
            sign_in(shown, address, who)
            for name in names:
                shown.goto(address + waiting[name])
                assert shown.locator("main h1").count() == 1, name
                look(shown, f"{kind}-{name}", complaints)
            context.close()
        browser.close()
    assert complaints == []


def test_a_list_is_begun_filled_and_proposed_without_a_script(
    address: str, tenant: Tenant, administrator: User
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_context(viewport=PHONE, java_script_enabled=False).new_page()
        sign_in(shown, address, administrator)
        shown.goto(address + reverse("list-new"))
        for name, typed in {"name_ja": "取引地域", "name_en": "Areas", "key": "area"}.items():
            shown.locator(f"#id_{name}").fill(typed)
        shown.locator("main .button--primary").click()
        for code, words in (("east", "東日本"), ("west", "西日本")):
            shown.locator('a[href$="entries/new/"]').click()
            shown.locator("#id_code").fill(code)
            shown.locator("#id_ja").fill(words)
            shown.locator("#id_is_offered").check()
            shown.locator("main .button--primary").click()
        shown.locator('[value="up west"]').click()
        shown.locator('form[action$="/propose/"] button').click()
        browser.close()
    with tenant_scope(tenant.pk):
        made: CodeListDraft = CodeListDraft.objects.get()
    assert made.status == CodeListDraft.Status.PROPOSED
    assert [one["code"] for one in made.document["entries"]] == ["west", "east"]
