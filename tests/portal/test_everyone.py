"""The customer's way through the pages in each of their languages, for everyone: letters, keys, widths, colours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Page, sync_playwright

from portal.pages import LANGUAGES
from questionnaires.marking import tag, unmarked
from tenants.models import Tenant
from tests.portal.browsing import CHROMIUM, DESK, PHONE, picture
from tests.portal.inspecting import faults_of, sideways, violations_of
from tests.questionnaires.filing import Sent, plan_review, send_link

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff " * 3 + "Wolfeschlegelsteinhausenbergerdo"
OUTLINE = "getComputedStyle(document.activeElement.closest('.choice') ?? document.activeElement).outlineStyle"
every_language = pytest.mark.parametrize("language", LANGUAGES)


@dataclass
class Walker:
    """Somebody on their way, who looks at every page with the eyes of everyone."""

    page: Page
    address: str
    language: str
    looks: bool = True
    seen: list[str] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def begin(self, sent: Sent) -> None:
        self.page.goto(f"{self.address}/r/{sent.token}/")

    def look(self, expected: str) -> None:
        page = self.page
        assert page.locator("main").get_attribute("data-page") == expected, page.url
        assert page.locator("html").get_attribute("lang") == tag(self.language)
        self.seen.append(expected)
        if not self.looks:
            return
        faults = faults_of(page, tag(self.language))
        faults += sideways(page, 320) + sideways(page, 320, "137.5%") + sideways(page, 390, "200%")
        faults += violations_of(page)
        self.picture("phone")
        page.set_viewport_size(DESK)
        faults += faults_of(page, tag(self.language)) + sideways(page, 640)
        self.picture("desk")
        page.set_viewport_size(PHONE)
        if faults:
            self.faults[f"{len(self.seen)} {page.url} {page.title()}"] = sorted(set(faults))

    def picture(self, kind: str) -> None:
        picture(self.page, f"{self.language}-{kind}-{len(self.seen):02}-{self.seen[-1]}")

    def press(self, action: str) -> None:
        self.page.locator(f'main button[name="action"][value="{action}"]').click()

    def fill(self, **typed: str) -> None:
        for name, text in typed.items():
            self.page.locator(f"#{name}").fill(text)

    def expect_error(self) -> None:
        """The title says so first, the summary has the focus and leads to the controls."""
        with override(self.language):
            assert self.page.title().startswith(unmarked(gettext("Error:")))
        assert self.page.evaluate("document.activeElement.className") == "error-summary"
        for link in self.page.locator(".error-summary a").all():
            assert self.page.locator(str(link.get_attribute("href"))).count() == 1


def told(faults: dict[str, list[str]]) -> str:
    return "\n".join(f"{place}\n    " + "\n    ".join(found) for place, found in faults.items())


@contextmanager
def browsing() -> Iterator[Browser]:
    """Opened last, because Django refuses its ORM beside Playwright's loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def walker(browser: Browser, address: str, language: str, **options: Any) -> Walker:
    has_script = options.get("java_script_enabled", True)
    # The site's policy stays away for axe alone: it is injected.
    context = browser.new_context(**{"viewport": PHONE, "bypass_csp": has_script, "locale": "ja-JP", **options})
    context.add_cookies([{"name": "portal_language", "value": language, "url": address}])
    context.set_default_timeout(15_000)
    return Walker(context.new_page(), address, language, looks=has_script)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def send(tenant: Tenant, now: datetime) -> Callable[..., Sent]:
    def made(**filed: Any) -> Sent:
        sent = send_link(tenant, now=now, **filed)
        plan_review(tenant, sent, now=now)
        return sent

    return made


def prove(walker: Walker) -> None:
    walker.page.locator('input[name="era"][value="showa"]').check()
    walker.fill(year="２３", month="5", day="3", last_digits="4567")
    walker.press("continue")


def walk_as_person(walker: Walker, sent: Sent) -> dict[str, list[str]]:
    """What is wrong from the link to the receipt, with a mistake on the way to every kind of page."""
    walker.begin(sent)
    walker.look("landing")
    walker.page.locator("main .button--primary").click()
    walker.look("identity")
    walker.press("continue")
    walker.look("identity")
    if walker.looks:
        walker.expect_error()
    walker.page.locator('input[name="era"][value="showa"]').check()
    walker.fill(year="23", month="5", day="3", last_digits="0000")
    walker.press("continue")
    walker.look("identity")
    walker.fill(last_digits="4567")
    walker.press("continue")
    walker.look("question")
    walker.page.locator("details.change > summary").click()
    walker.fill(name=LONG_NAME, phone="12", postal_code="１６８ー００６４")
    walker.press("fill")
    walker.press("continue")
    walker.look("question")
    if walker.looks:
        walker.expect_error()
    walker.fill(phone="０３（１２３４）５６７８")
    walker.press("continue")
    for page in ("work", "purpose", "residence"):
        walker.look("question")
        assert page in walker.page.url
        walker.press("unchanged")
    walker.look("question")
    walker.press("continue")
    for name in ("handles_cash", "sends_abroad", "is_foreign_pep"):
        walker.look("question")
        walker.page.locator(f'input[name="{name}"][value="no"]').check()
        walker.press("continue")
    walker.look("check")
    walker.press("submit")
    walker.look("done")
    walker.page.go_back()
    walker.page.reload()
    walker.look("end")
    return walker.faults


def walk_as_company(walker: Walker, sent: Sent) -> dict[str, list[str]]:
    """The same for a company that has another owner."""
    walker.begin(sent)
    walker.look("landing")
    walker.page.locator("main .button--primary").click()
    walker.look("identity")
    walker.fill(phone_digits="5678", last_digits="4321")
    walker.press("continue")
    for _ in ("company", "business", "purpose"):
        walker.look("question")
        walker.press("unchanged")
    walker.page.locator("details.change > summary").click()
    walker.fill(**{"owners-0-name": "NGUYỄN Thị Hoa", "owners-0-birth_on": "1988-11-03"})
    walker.press("add")
    walker.look("question")
    walker.fill(**{"owners-1-name": "海野 一郎"})
    walker.press("continue")
    walker.look("question")
    walker.fill(**{"owners-0-share_percent": "33.4", "owners-1-birth_on": "昭和35年1月2日"})
    walker.fill(**{"owners-1-share_percent": "60"})
    for number in (0, 1):
        walker.page.locator(f'input[name="owners-{number}-is_pep"][value="no"]').check()
    walker.press("continue")
    for name in ("handles_cash", "sends_abroad"):
        walker.page.locator(f'input[name="{name}"][value="no"]').check()
        walker.press("continue")
    walker.look("check")
    walker.press("submit")
    walker.look("done")
    return walker.faults


@every_language
def test_a_person_and_a_company_find_their_way_in_their_language(
    language: str,
    send: Callable[..., Sent],
    address: str,
) -> None:
    """W7. A phone and a desk with script, where everything is inspected; and a desk without, where it works as well."""
    person = send(nationality="VN")
    company, other = send(kind="COMPANY", number="2"), send(number="3", nationality="VN")
    with browsing() as browser:
        faults = walk_as_person(walker(browser, address, language), person)
        faults |= walk_as_company(walker(browser, address, language), company)
        without = walker(browser, address, language, viewport=DESK, java_script_enabled=False)
        walk_as_person(without, other)
    assert without.seen[-2:] == ["done", "end"]
    assert not faults, told(faults)


def test_the_language_is_changed_on_the_way_and_the_step_is_kept(
    send: Callable[..., Sent],
    address: str,
) -> None:
    person = send(language="vi")
    with browsing() as browser:
        visitor = walker(browser, address, "vi", java_script_enabled=False)
        visitor.page.context.clear_cookies()
        visitor.begin(person)
        visitor.look("landing")  # the language on file
        visitor.page.locator("main .button--primary").click()
        prove(visitor)
        visitor.press("unchanged")
        before = visitor.page.url
        for language, name in LANGUAGES.items():
            choice = visitor.page.locator(f'.display label:has(input[value="{language}"])')
            assert choice.inner_text() == name
            assert choice.locator(f'span[lang="{tag(language)}"]').count() == 1
            choice.click()
            visitor.page.locator(".display .button").click()
            visitor.language = language
            visitor.look("question")
            assert visitor.page.url == before


def test_the_keyboard_alone_is_enough(send: Callable[..., Sent], address: str) -> None:
    person = send()
    with browsing() as browser:
        visitor = walker(browser, address, "en", java_script_enabled=True)
        page, press = visitor.page, visitor.page.keyboard.press

        def reach(selector: str) -> None:
            """By the tabulator; somebody who sees where they are."""
            for _ in range(60):
                if page.evaluate("s => document.activeElement.matches(s)", selector):
                    assert page.evaluate(OUTLINE) == "solid", selector
                    return
                press("Tab")
            raise AssertionError(selector)

        def go(key: str = "Enter") -> None:
            with page.expect_navigation():
                press(key)

        visitor.begin(person)
        reach(".skip")
        press("Enter")
        reach("main .button--primary")
        go()
        reach('input[name="era"]')
        press("ArrowRight")
        press("ArrowLeft")
        reach("#year")
        for typed in ("1948", "5", "3"):
            page.keyboard.type(typed)
            press("Tab")
        page.keyboard.type("4567")
        go()
        visitor.look("question")
        for _ in ("contact", "work", "purpose", "residence"):
            reach('button[value="unchanged"]')
            go()
        for name in ("handles_cash", "sends_abroad", "is_foreign_pep"):
            reach(f'input[name="{name}"]')
            press("Space")
            go()
        reach('button[value="submit"]')
        go()
        visitor.look("done")
    assert not visitor.faults, told(visitor.faults)


@pytest.mark.parametrize("kind", ["dark", "forced", "contrast"])
def test_pages_keep_their_contrast_in_other_colours(
    kind: str,
    send: Callable[..., Sent],
    address: str,
) -> None:
    person = send(nationality="VN")
    Tenant.objects.update(brand_colour="#7a2e12", brand_words="#ffffff", short_mark="朝")
    looks: dict[str, Any] = {
        "dark": {"color_scheme": "dark"},
        "forced": {"forced_colors": "active", "color_scheme": "dark"},
        "contrast": {"contrast": "more"},
    }[kind]
    with browsing() as browser:
        visitor = walker(browser, address, "ja-easy", **looks)
        visitor.begin(person)
        visitor.look("landing")
        visitor.page.locator("main .button--primary").click()
        visitor.press("continue")
        visitor.look("identity")
        prove(visitor)
        visitor.look("question")
        if kind == "forced":
            box = visitor.page.locator(".display .choice:has(input:checked)").first
            plain = visitor.page.locator(".display .choice:not(:has(input:checked))").first
            colour = "e => getComputedStyle(e).borderTopColor"
            assert box.evaluate(colour) != plain.evaluate(colour)
    assert not visitor.faults, told(visitor.faults)


def test_nothing_moves_on_the_customers_pages() -> None:
    """Whoever asked for less motion has nothing to be spared."""
    from tests.portal.test_styles import CSS

    for sheet in CSS.glob("portal*.css"):
        assert not re.search(r"(?:transition|animation|scroll-behavior)\b", sheet.read_text()), sheet.name
