"""An inquiry from both sides in a real browser: the customer on a phone, with and without JavaScript, and the staff."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from tenants.models import Tenant, User
from tests.portal.browsing import CHROMIUM, DESK, picture
from tests.portal.test_journey import Visitor, visitor  # noqa: F401  # the browser and the site it looks at
from tests.questionnaires.filing import Sent

ADVICE = ("circumstances", "circumstances/deceased", "circumstances/guardian", "circumstances/refusal")
PAGES = ("inquiry", "call", *ADVICE)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


@pytest.fixture
def staff_cookie(officer: User, staff_client: Callable[[User], Client]) -> str:
    """The session of an officer who has signed in."""
    return str(staff_client(officer).cookies[settings.SESSION_COOKIE_NAME].value)


@pytest.mark.parametrize("visitor", ["phone", "phone without script", "desk"], indirect=True)
def test_an_inquiry_goes_to_and_fro(
    tenant: Tenant,
    person: Sent,
    staff_cookie: str,
    visitor: Visitor,  # noqa: F811
) -> None:
    page, link = visitor.page, f"{visitor.address}/r/{person.token}"
    for name in PAGES:
        page.goto(f"{link}/help/{name}/")
        visitor.look(name.split("/")[0] if "/" not in name else "circumstance")
    page.goto(f"{visitor.address}/check/asanagi/questions/situations/")
    visitor.look("questions")
    page.goto(f"{link}/identity/")
    page.locator("input[name=era][value=showa]").check()
    for name, value in {"year": "23", "month": "5", "day": "3", "last_digits": "4567"}.items():
        page.fill(f"#{name}", value)
    visitor.press("continue")
    page.goto(f"{visitor.address}/r/help/inquiry/")
    visitor.press("send")
    visitor.look("inquiry")
    assert page.locator(".error-summary a").count() == 3
    page.locator("input[name=topic][value=PRIVACY]").check()
    page.locator("input[name=reply_by][value=PAGES]").check()
    page.fill("#text", "何に使われますか。\nいつまで保管しますか。")
    visitor.press("send")
    visitor.look("sent")
    number = re.search(r"\d{4}-\d{4}", page.locator(".ref").inner_text())
    assert number
    answer_as_staff(visitor, staff_cookie, number[0])
    page.goto(f"{visitor.address}/r/help/inquiries/")
    visitor.look("inquiries")
    page.locator("main li a").first.click()
    visitor.look("thread")
    assert "営業には使いません" in page.inner_text("main")
    page.fill("#text", "ありがとうございます。")
    visitor.press("send")
    assert "ありがとうございます。" in page.inner_text("main")
    page.goto(f"{visitor.address}/r/help/call/")
    visitor.look("call")
    page.locator("input[name=day]").nth(1).check()
    page.locator("input[name=part][value=AFTERNOON]").check()
    visitor.press("send")
    visitor.look("sent")


def answer_as_staff(visitor: Visitor, cookie: str, number: str) -> None:  # noqa: F811
    """A colleague finds the inquiry by its number and answers it."""
    browser = visitor.page.context.browser
    assert browser
    context = browser.new_context(viewport=DESK, java_script_enabled=visitor.has_script, locale="ja-JP")
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": visitor.address}])
    page = context.new_page()
    page.goto(f"{visitor.address}/inquiries/?number={number}")
    picture(page, "staff-list")
    page.locator("tbody th a").click()
    page.fill("#id_text", "営業には使いません。")
    picture(page, "staff-inquiry")
    page.locator('form[action$="/answer/"] button').click()
    assert "営業には使いません" in page.inner_text("main .thread")
    context.close()
