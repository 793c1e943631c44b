"""The sheets of the demonstration: what its staff find, and how keying looks on their screens."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from cdd.demo import papering
from cdd.demo.banks import BANKS
from cdd.demo.papering import bring_papers
from outreach.papers.models import PaperAnswer
from outreach.papers.selectors import scans_of
from questionnaires.models import Response
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context
from tests.campaigns.acting import enter, notified, open_for_business
from tests.conftest import MakeUser
from tests.outreach.papering import LATER, look_at_scans
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.reporting.test_journey import DESK, sign_in

__all__ = ["address"]

Status = PaperAnswer.Status


@pytest.fixture
def staff(settings: Any, tenant: Tenant, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch) -> tuple[User, User]:
    """The officer and the approver of the demonstration's bank, which has asked five customers."""
    settings.UPLOAD_SCAN = "off"
    # The worker looks at pictures while the demonstration waits for it.
    monkeypatch.setattr("cdd.demo.papering.time.sleep", lambda _seconds: look_at_scans())
    officer, approver = make_user(tenant, Role.OFFICER, "officer"), make_user(tenant, Role.APPROVER, "approver")
    with tenant_context(tenant.pk):
        open_for_business()
        for number in range(1, 6):
            enter(number)
        notified(officer, approver)
    return officer, approver


def test_one_sheet_came_in_one_waits_for_the_second_person_and_one_is_the_answer(
    tenant: Tenant, staff: tuple[User, User]
) -> None:
    assert bring_papers(BANKS[0], now=LATER) == papering.SHEETS
    with tenant_context(tenant.pk), transaction.atomic():
        papers = {paper.status: paper for paper in PaperAnswer.objects.all()}
        assert set(papers) == {Status.RECEIVED, Status.KEYED, Status.ACCEPTED}
        done = papers[Status.ACCEPTED]
        assert (done.keyed_by, done.checked_by) == (staff[0].pk, staff[1].pk)
        assert "second" in done.findings.values(), "a slip that the check found"
        for paper in papers.values():
            names = [scan.name for scan in scans_of(paper)]
            assert names == sorted(names), "page after page, as they came"
            assert len(names) > 1
        assert Response.objects.get(reference=done.reference).origin == Response.Origin.PAPER
    assert bring_papers(BANKS[0], now=LATER) == 0, "a second start brings none"


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")
def test_a_sheet_is_keyed_and_checked_beside_its_picture_in_a_browser(
    tenant: Tenant, staff: tuple[User, User], address: str
) -> None:
    bring_papers(BANKS[0], now=LATER)
    with tenant_context(tenant.pk):
        look_at_scans()
        with transaction.atomic():
            paper = PaperAnswer.objects.get(status=Status.RECEIVED)

    def look(page: Page, name: str) -> None:
        page.wait_for_load_state()
        picture(page, name)
        assert not page.evaluate(TOO_WIDE), name
        found = Axe().run(page, options=AXE)
        assert found.violations_count == 0, (name, found.generate_report())

    def through(page: Page, name: str, end: str, *, slips: bool) -> None:
        for number in range(20):
            if page.url.split("#")[0].endswith(end):
                return
            look(page, f"{name}-{number}")
            place = page.locator("[data-paper]").evaluate("paper => paper.scrollTop")
            assert (place > 0) is (number > 0), "the pictures stay where they were left"
            if not number:
                page.locator(".beside__pages a").nth(2).click()
                page.wait_for_function("document.querySelector('[data-paper]').scrollTop > 0")
            unchanged = page.locator("button[value=unchanged]")
            if unchanged.count():
                unchanged.click()
                continue
            for box in page.locator("main input[type=radio][value=no]").all():
                box.check()
            if slips:  # what the second person will find
                page.locator("main input[type=radio][value=yes]").first.check()
                slips = False
            page.locator("button[value=continue]").click()
        raise AssertionError(f"{page.url} comes again and again")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        one, two = (browser.new_context(viewport=DESK, locale="ja-JP", bypass_csp=True).new_page() for _ in "12")
        sign_in(one, address, staff[0])
        one.goto(address + reverse("papers"))
        look(one, "1-list")
        one.goto(address + reverse("paper-answer", args=[paper.pk]))
        look(one, "2-sheet")
        one.locator(f"form[action='{reverse('paper-key-begin', args=[paper.pk])}'] button").click()
        through(one, "3-key", reverse("paper-key", args=[paper.pk]), slips=True)
        look(one, "4-keyed")
        one.locator("main form button").click()
        look(one, "5-waits")
        sign_in(two, address, staff[1])
        two.goto(address + reverse("paper-answer", args=[paper.pk]))
        two.locator(f"form[action='{reverse('paper-check-begin', args=[paper.pk])}'] button").click()
        through(two, "6-check", reverse("paper-check", args=[paper.pk]), slips=False)
        look(two, "7-differs")
        two.locator("main form button[type=submit]").click()
        look(two, "8-undecided")
        for box in two.locator("main input[type=radio][value=second], main input[type=radio][value=seen]").all():
            box.check()
        two.locator("main form button[type=submit]").click()
        look(two, "9-done")
        browser.close()
    with tenant_context(tenant.pk), transaction.atomic():
        assert PaperAnswer.objects.get(pk=paper.pk).status == Status.ACCEPTED
