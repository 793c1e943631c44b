"""The customer's way through the pages in a real browser: on a phone, light and dark, on a desk, without script."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from tenants.models import Tenant
from tests.portal.browsing import CHROMIUM, DESK, PHONE, picture
from tests.portal.inspecting import AXE, COLOURS, TOO_WIDE
from tests.questionnaires.filing import Sent, plan_review, send_link

# Elements a finger must hit: links inside a sentence are exempt (WCAG 2.5.8). Of a choice it is the whole row.
CONTROLS = "a, button, summary, .choice, select, input:not([type=radio], .choice > [type=checkbox], [type=hidden])"
SMALL_TARGETS = f"""() => [...document.querySelectorAll('{CONTROLS}')]
  .filter(e => !e.closest('p') && e.checkVisibility() && !e.classList.contains('skip'))
  .filter(e => Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height) < 47.5)
  .map(e => e.outerHTML.slice(0, 120))"""
UNLABELLED = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
  .filter(e => !e.labels.length).map(e => e.outerHTML.slice(0, 120))"""

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]


@dataclass
class Visitor:
    """Somebody in front of a browser, who inspects every page they see."""

    page: Page
    address: str
    kind: str
    seen: int = 0

    @property
    def has_script(self) -> bool:
        """Whether scripts run in the browser."""
        return "without" not in self.kind

    def look(self, expected: str) -> None:
        """Check the page for what a customer may rely on everywhere, and keep a picture of it."""
        self.seen += 1
        page = self.page
        assert page.locator("main").get_attribute("data-page") == expected, page.url
        picture(page, f"{self.kind}-{self.seen:02}-{expected}")
        assert page.locator("h1").count() == 1
        if not self.has_script:
            return
        assert page.evaluate(UNLABELLED) == []
        assert page.evaluate(SMALL_TARGETS) == []
        assert not page.evaluate(TOO_WIDE)
        result = Axe().run(page, options=AXE)
        assert result.violations_count == 0, result.generate_report()
        if self.kind == "phone":
            page.emulate_media(color_scheme="dark")
            result = Axe().run(page, options=COLOURS)
            assert result.violations_count == 0, f"in the dark: {result.generate_report()}"
            page.emulate_media(color_scheme="light")
        size = page.viewport_size
        assert size
        page.set_viewport_size({"width": 320, "height": size["height"]})
        assert not page.evaluate(TOO_WIDE), "scrolls sideways at 320 px"
        page.set_viewport_size(size)

    def press(self, action: str) -> None:
        self.page.locator(f'main button[name="action"][value="{action}"]').click()


@pytest.fixture
def visitor(request: pytest.FixtureRequest, address: str) -> Iterator[Visitor]:
    """A browser of one kind; started last, because Django refuses its ORM beside Playwright's loop."""
    has_script = "without" not in request.param
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            viewport=DESK if request.param == "desk" else PHONE,
            java_script_enabled=has_script,
            bypass_csp=has_script,  # for axe alone: it is injected
            locale="ja-JP",
        )
        yield Visitor(context.new_page(), address, request.param)
        browser.close()


@pytest.fixture
def now() -> datetime:
    from django.utils import timezone

    return timezone.now()


@pytest.fixture
def person(tenant: Tenant, now: datetime) -> Sent:
    sent = send_link(tenant, now=now, nationality="VN")
    plan_review(tenant, sent, now=now)
    return sent


@pytest.fixture
def company(other_tenant: Tenant, now: datetime) -> Sent:
    return send_link(other_tenant, now=now, kind="COMPANY", number="2")


def begin(visitor: Visitor, sent: Sent) -> None:
    visitor.page.goto(f"{visitor.address}/r/{sent.token}/")
    visitor.look("landing")
    visitor.page.locator("main .button--primary").click()
    visitor.look("identity")


def browsers(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("visitor", kinds, indirect=True)


@browsers("phone", "desk", "phone-without-script")
def test_a_person_moves_house_and_confirms_the_rest(
    person: Sent, visitor: Visitor, superuser: psycopg.Connection
) -> None:
    page = visitor.page
    begin(visitor, person)
    page.locator('input[name="era"][value="showa"]').check()
    page.locator("#month").fill("5")
    visitor.press("continue")
    visitor.look("identity")
    assert page.locator(".error-summary a").count() == 3
    assert page.locator("#month").input_value() == "5"
    page.locator("#year").fill("２３")
    page.locator("#day").fill("4")
    page.locator("#last_digits").fill("4567")
    visitor.press("continue")
    visitor.look("identity")
    page.locator("#day").fill("3")
    visitor.press("continue")

    visitor.look("question")
    page.locator("details.change > summary").click()
    visitor.look("question")
    page.locator("#phone").fill("12")
    page.locator("#postal_code").fill("１００ー０００１")
    page.locator("#address").fill("東京都千代田区千代田1-1")
    visitor.press("continue")
    visitor.look("question")
    assert page.locator("#phone").is_visible()
    page.locator("#phone").fill("")
    visitor.press("continue")
    for _ in ("work", "purpose", "residence", "stay"):
        visitor.look("question")
        if page.locator('button[value="unchanged"]').count():
            visitor.press("unchanged")
        else:
            page.locator('input[name="residence_expires_on-era"][value="reiwa"]').check()
            for part, typed in (("year", "10"), ("month", "４月"), ("day", "1")):
                page.locator(f"#residence_expires_on-{part}").fill(typed)
            visitor.press("continue")
    for name in ("handles_cash", "sends_abroad", "is_foreign_pep"):
        visitor.look("question")
        visitor.press("continue")
        assert page.locator(".error-summary").is_visible()
        page.locator(f'input[name="{name}"][value="no"]').check()
        visitor.press("continue")
    visitor.look("check")
    assert person.token not in page.url
    visitor.press("submit")
    visitor.look("done")
    page.go_back()
    page.reload()
    visitor.look("end")
    status = superuser.execute("SELECT status, confirmed_pages FROM questionnaires_response").fetchone()
    assert status == ("SUBMITTED", ["work", "purpose", "residence"])


@browsers("phone", "phone-without-script")
def test_a_company_of_another_bank_adds_an_owner(company: Sent, visitor: Visitor) -> None:
    page = visitor.page
    begin(visitor, company)
    page.locator("#phone_digits").fill("5678")
    page.locator("#last_digits").fill("4321")
    visitor.press("continue")
    for _ in ("company", "business", "purpose"):
        visitor.look("question")
        visitor.press("unchanged")
    visitor.look("question")
    page.locator("details.change > summary").click()
    page.locator("#owners-0-name").fill("NGUYỄN Thị Hoa")
    page.locator("#owners-0-birth_on").fill("昭和63年11月3日")
    page.locator("#owners-0-share_percent").fill("３３．４")
    page.locator('input[name="owners-0-is_pep"][value="no"]').check()
    visitor.press("add")
    visitor.look("question")
    page.locator("#owners-1-name").fill("海野 一郎")
    visitor.press("continue")
    visitor.look("question")
    page.locator("#owners-1-birth_on").fill("1960/1/2")
    page.locator("#owners-1-share_percent").fill("60")
    page.locator('input[name="owners-1-is_pep"][value="no"]').check()
    visitor.press("continue")
    for name in ("handles_cash", "sends_abroad"):
        page.locator(f'input[name="{name}"][value="yes"]').check()
        visitor.press("continue")
    visitor.look("check")
    visitor.press("submit")
    visitor.look("done")


@browsers("phone")
def test_the_ends_and_the_display_settings(person: Sent, visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{visitor.address}/r/nothing/")
    visitor.look("end")
    page.goto(f"{visitor.address}/r/answer/")
    visitor.look("end")
    page.goto(f"{visitor.address}/r/{person.token}/")
    page.locator('input[name="size"][value="xl"]').check()
    page.locator('input[name="language"][value="en"]').check()
    page.locator(".display button").click()
    visitor.look("landing")
    assert page.locator("html").get_attribute("class") == "size-xl"
    page.goto(f"{visitor.address}/r/{person.token}/identity/")
    for _ in range(5):
        page.locator('input[name="era"][value="western"]').check()
        for name, value in (("year", "1948"), ("month", "5"), ("day", "3"), ("last_digits", "0000")):
            page.locator(f"#{name}").fill(value)
        visitor.press("continue")
    visitor.look("end")
    assert page.locator('[data-end="locked"]').count() == 1
