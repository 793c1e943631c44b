"""Pages and questions are dragged in a real browser, with a mouse and with a finger; keys and buttons do the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from audit.services import Actor
from questionnaires.drafting import begin_draft
from questionnaires.models import Questionnaire, QuestionnaireDraft
from tenants.models import Tenant, User
from tests.conftest import NOW
from tests.portal.browsing import CHROMIUM, address
from tests.questionnaires.documents import document, page, question
from tests.reporting.test_journey import DESK, PHONE, sign_in

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

THREE = document(
    page("one", question("a", "text"), question("b", "text"), question("c", "text")),
    page("two", question("d", "text"), question("e", "text")),
    page("three", question("f", "text")),
)


@pytest.fixture
def draft(in_tenant: Tenant, officer: User) -> QuestionnaireDraft:
    """Three short pages."""
    with transaction.atomic():
        made = Questionnaire.objects.create(key="example", audience="INDIVIDUAL", name="例", name_en="Example")
    return begin_draft(questionnaire=made, document=THREE, actor=Actor.user(officer.pk), now=NOW)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium under the pages' own policy."""
    reverse("home")  # reads the addresses, and what they stand for, before the browser's loop forbids the database
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def order(screen: Page) -> list[tuple[str, str]]:
    """The pages as the draft has them, each with its questions as letters."""
    held = screen.context.request.get(
        screen.url.split("#")[0].split("?")[0].split("pages/")[0] + "document.json"
    ).json()
    return [(one["id"], "".join(asked["id"] for asked in one["questions"])) for one in held["pages"]]


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def grip(screen: Page, part: str) -> Locator:
    return screen.locator(f"#{part} [data-grip]").first


class Mouse:
    """Drags as a mouse does."""

    def __init__(self, screen: Page) -> None:
        self.screen = screen

    def drag(self, part: str, goal: str) -> None:
        self.screen.evaluate("window.scrollTo(0, 0)")
        at, to = middle(grip(self.screen, part)), middle(self.screen.locator(f"#{goal}"))
        self.screen.mouse.move(*at)
        self.screen.mouse.down()
        self.screen.mouse.move(*to, steps=8)
        with self.screen.expect_navigation():
            self.screen.mouse.up()


class Finger:
    """Drags as a finger does: touches are sent as the screen would send them."""

    def __init__(self, screen: Page) -> None:
        self.screen, self.wire = screen, screen.context.new_cdp_session(screen)

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        sent = [{"x": x, "y": y} for x, y in points]
        self.wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": sent})

    def drag(self, part: str, goal: str) -> None:
        self.screen.evaluate("window.scrollTo(0, 0)")
        (x, y), (to_x, to_y) = middle(grip(self.screen, part)), middle(self.screen.locator(f"#{goal}"))
        self.touch("touchStart", (x, y))
        for step in range(1, 9):
            self.touch("touchMove", (x + (to_x - x) * step / 8, y + (to_y - y) * step / 8))
        with self.screen.expect_navigation():
            self.touch("touchEnd")


def opened(browser: Browser, address: str, officer: User, draft: QuestionnaireDraft, **how: Any) -> Page:
    context = browser.new_context(locale="ja-JP", **{"viewport": {**DESK, "height": 1_600}, **how})
    screen = context.new_page()
    sign_in(screen, address, officer)
    screen.goto(f"{address}{reverse('questionnaire-draft', args=[draft.pk])}")
    return screen


@pytest.mark.parametrize("hand", [Mouse, Finger])
def test_pages_and_questions_are_dragged_to_their_places(
    hand: type[Mouse | Finger], draft: QuestionnaireDraft, officer: User, browser: Browser, address: str
) -> None:
    is_finger = hand is Finger
    how = {"has_touch": True, "viewport": {**PHONE, "height": 2_400}} if is_finger else {}
    screen = opened(browser, address, officer, draft, **how)
    problems: list[str] = []
    screen.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    with_hand = hand(screen)
    with_hand.drag("question-a", "question-c")
    assert order(screen)[0] == ("one", "bca"), "down the list it comes after what it is dropped on"
    with_hand.drag("question-a", "question-b")
    assert order(screen)[0] == ("one", "abc"), "up the list before it"
    with_hand.drag("question-b", "question-e")
    assert order(screen)[:2] == [("one", "ac"), ("two", "dbe")], "on another page before it"
    with_hand.drag("question-f", "name-one")
    assert order(screen) == [("one", "acf"), ("two", "dbe"), ("three", "")], "on the head of a page: its end"
    with_hand.drag("page-one", "name-three")
    assert order(screen) == [("two", "dbe"), ("three", ""), ("one", "acf")]
    with_hand.drag("page-one", "name-two")
    assert order(screen) == [("one", "acf"), ("two", "dbe"), ("three", "")]
    assert problems == [], "nothing that the policy of the page forbids"


def test_what_is_let_go_elsewhere_or_given_up_stays_where_it_was(
    draft: QuestionnaireDraft, officer: User, browser: Browser, address: str
) -> None:
    screen = opened(browser, address, officer, draft)
    start = order(screen)
    screen.mouse.move(*middle(grip(screen, "question-a")))
    screen.mouse.down()
    screen.mouse.move(*middle(screen.locator("h1")), steps=5)
    screen.mouse.up()
    screen.mouse.move(*middle(grip(screen, "question-a")))
    screen.mouse.down()
    screen.mouse.move(*middle(screen.locator("#question-c")), steps=5)
    assert screen.locator("#question-c.is-over").count() == 1
    screen.keyboard.press("Escape")
    assert screen.locator(".is-over, .is-held").count() == 0
    screen.mouse.up()
    screen.wait_for_timeout(200)
    assert order(screen) == start


@pytest.mark.parametrize("is_scripted", [True, False])
def test_keys_and_buttons_move_the_same_things(
    is_scripted: bool, draft: QuestionnaireDraft, officer: User, browser: Browser, address: str
) -> None:
    screen = opened(browser, address, officer, draft, java_script_enabled=is_scripted)
    assert grip(screen, "page-one").is_visible() is is_scripted
    for act in ("question-down a", "question-down a", "page-down one"):
        button = screen.locator(f'[name="act"][value="{act}"]')
        button.focus()
        with screen.expect_navigation():
            screen.keyboard.press("Enter")
    assert order(screen) == [("two", "de"), ("one", "bca"), ("three", "f")]
    with screen.expect_navigation():
        screen.locator('[name="act"][value="question-down a"]').click()
    assert order(screen) == [("two", "de"), ("one", "bc"), ("three", "af")], "beyond the end of a page: to the next"


def test_going_back_in_the_browser_neither_loses_nor_repeats_work(
    draft: QuestionnaireDraft, officer: User, browser: Browser, address: str
) -> None:
    screen = opened(browser, address, officer, draft)
    with screen.expect_navigation():
        screen.locator('[name="act"][value="question-add two"]').click()
    assert order(screen)[1] == ("two", "dequestion_1")
    screen.go_back()
    screen.go_forward()
    assert order(screen)[1] == ("two", "dequestion_1"), "an act is answered with a way back, not with a page"
    page_two = f"{address}{reverse('questionnaire-draft-page', args=[draft.pk, 'two'])}"
    screen.goto(page_two)
    screen.locator("#id_why-ja").fill("一度だけ書いた理由")
    screen.locator("#id_condition-answer-0").select_option("a")
    screen.locator('main [name="step"][value="row"]').click()
    assert screen.locator("#id_why-ja").input_value() == "一度だけ書いた理由", "one more row, and the words stay"
    screen.reload()
    assert screen.locator("#id_why-ja").input_value() == "一度だけ書いた理由", "it can be loaded anew"
    screen.go_back()
    screen.go_forward()
    assert screen.locator("#id_why-ja").input_value() == "一度だけ書いた理由", "and is there on coming back"
    screen.locator("#id_condition-value-0").fill("はい")
    with screen.expect_navigation():
        screen.locator('main .button-group [name="step"][value="keep"]').click()
    outline = screen.url.split("?")[0]
    document = screen.context.request.get(f"{outline}document.json").json()
    revision = screen.locator('[name="revision"]').first.get_attribute("value")
    assert document["pages"][1]["why"]["ja"] == "一度だけ書いた理由"
    screen.go_back()
    assert screen.locator("#id_why-ja").input_value() == "一度だけ書いた理由"
    with screen.expect_navigation():
        screen.locator('main .button-group [name="step"][value="keep"]').click()
    assert screen.context.request.get(f"{outline}document.json").json() == document
    again = screen.locator('[name="revision"]').first.get_attribute("value")
    assert again == revision, "what says nothing new is no change"
