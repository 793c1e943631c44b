"""From the number on a letter to the receipt, and from one device to another, in a real browser."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from channels.numbers import written
from portal import guessing
from tests.portal.browsing import CHROMIUM, PHONE
from tests.portal.test_entrances import numbered
from tests.portal.test_journey import Visitor, browsers, company, now, person, visitor  # noqa: F401  # fixtures
from tests.questionnaires.filing import Sent

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


@pytest.fixture
def number(person: Sent, now: datetime) -> str:  # noqa: F811
    return written(numbered(person, now=now))


@pytest.fixture
def company_number(company: Sent, now: datetime) -> str:  # noqa: F811
    return written(numbered(company, now=now))


def elsewhere(visitor: Visitor, seen: int) -> Visitor:  # noqa: F811
    """Somebody at another device; their pictures count from ``seen``."""
    browser = visitor.page.context.browser
    assert browser
    page = browser.new_context(bypass_csp=True, locale="ja-JP", viewport=PHONE).new_page()
    return Visitor(page, visitor.address, "elsewhere", seen=seen)


def prove_by_number(visitor: Visitor, number: str) -> None:  # noqa: F811
    page = visitor.page
    page.goto(f"{visitor.address}/b/asanagi/")
    visitor.look("entry")
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    page.fill("#number", wrong)
    page.click("main button")
    visitor.look("entry")
    assert page.locator("#number").input_value() == wrong
    page.fill("#number", "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else "ー" for sign in number))
    page.click("main button")
    visitor.look("identity")
    page.check('input[name="era"][value="showa"]')
    for name, value in (("year", "23"), ("month", "5"), ("day", "3"), ("last_digits", "0000")):
        page.fill(f"#{name}", value)
    visitor.press("continue")
    visitor.look("identity")
    page.fill("#last_digits", "４５６７")
    visitor.press("continue")


@browsers("phone", "desk", "phone-without-script")
def test_from_the_number_of_a_letter_to_the_receipt(number: str, visitor: Visitor) -> None:  # noqa: F811
    prove_by_number(visitor, number)
    page = visitor.page
    visitor.look("question")
    page.click('a[href="/r/answer/later/"]')
    visitor.look("later")
    page.click('a[href="/r/answer/"]')
    for _ in range(4):
        page.locator("main button[value=unchanged]").first.click()
    for name in ("handles_cash", "sends_abroad", "is_foreign_pep"):
        if page.locator(f'input[name="{name}"]').count() == 0:  # what comes before, of customers of other countries
            page.locator("main button").first.click()
        page.check(f'input[name="{name}"][value="no"]')
        visitor.press("continue")
    visitor.look("check")
    visitor.press("submit")
    visitor.look("done")


@browsers("phone", "desk")
def test_a_code_takes_the_visit_to_another_device(number: str, visitor: Visitor) -> None:  # noqa: F811
    prove_by_number(visitor, number)
    page = visitor.page
    page.goto(f"{visitor.address}/r/answer/phone/")
    visitor.look("phone")
    page.click("main form button")
    visitor.look("phone")
    box = page.locator(".code svg").bounding_box()
    assert box
    assert box["width"] >= 200, "large enough to be photographed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.entering.views.handing.qr_path", lambda text: (41, f"M4 4h1v1h-1z{_mark(text)}"))
        page.click("main form button")
        token = _token(page.content())
    shown = page.locator(".code b").inner_text()
    other = elsewhere(visitor, 20)
    other.page.goto(f"{visitor.address}/b/asanagi/t/{token}/")
    other.look("ticket")
    assert shown in other.page.inner_text(".ref")
    other.page.fill("#last_digits", "4567")
    other.press("continue")
    other.look("question")
    page.goto(f"{visitor.address}/r/answer/")
    visitor.look("end")


def _mark(text: str) -> str:
    """The token as numbers, inside the drawing, so that a browser without a camera can read it."""
    token = text.rstrip("/").rsplit("/", 1)[1]
    return "".join(f"M{ord(sign)} 999z" for sign in token)


def _token(content: str) -> str:
    return "".join(chr(int(code)) for code in re.findall(r"M(\d+) 999z", content))


@browsers("phone", "desk")
def test_a_company_lets_its_accountant_answer_a_part(company: Sent, visitor: Visitor) -> None:  # noqa: F811
    page = visitor.page
    page.goto(f"{visitor.address}/r/{company.token}/identity/")
    page.fill("#phone_digits", "5678")
    page.fill("#last_digits", "4321")
    visitor.press("continue")
    page.click('a[href="/r/answer/helpers/"]')
    visitor.look("helpers")
    page.click("main .actions button")
    visitor.look("helpers")
    assert page.locator(".field--error").count() == 2
    page.fill("#name", "会計　太郎")
    page.check('input[name="pages"][value="cash"]')
    page.click("main .actions button")
    visitor.look("helpers")
    place = re.search(r"/b/komorebi/part/\w+/", page.inner_text(".addr"))
    assert place
    code = page.inner_text(".ref b")
    other = elsewhere(visitor, 40)
    other.page.goto(visitor.address + place[0])
    other.look("part")
    other.page.fill("#code", code)
    other.page.click("main .actions button")
    other.look("question")
    other.page.check('input[name="handles_cash"][value="no"]')
    other.press("continue")
    other.look("part_done")
    page.goto(f"{visitor.address}/r/answer/helpers/")
    visitor.look("helpers")


def test_the_limits_are_those_of_the_documents() -> None:
    """docs/portal.md calculates with them."""
    assert (guessing.LIMIT, guessing.SLIPS, guessing.TENANT_LIMIT, guessing.NUMBER_LIMIT) == (200, 200, 3_000, 5)
