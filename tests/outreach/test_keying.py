"""Every kind of question typed by a member of staff for a customer: scans are attached, declarations are read out."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from playwright.sync_api import sync_playwright

from audit.services import Actor
from outreach.identity import check_identity
from outreach.models import OutreachTask
from outreach.services import make_task, take_task
from questionnaires.files.models import AnswerFile
from questionnaires.models import Response
from questionnaires.services import publish
from questionnaires.shaping import parse
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.acting import enter, notified, open_for_business
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.outreach.test_tasks import RIGHT
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import AXE, TOO_WIDE
from tests.questionnaires.documents import EVERYTHING
from tests.reporting.test_journey import DESK, PHONE, sign_in
from tests.uploads.hostile import card, written
from uploads.models import Upload

__all__ = ["address"]


def every_kind() -> dict[str, Any]:
    """All pages, whatever was answered before."""
    made = copy.deepcopy(EVERYTHING)
    for page in made["pages"]:
        page.pop("show_if", None)
    return made


@pytest.fixture
def call(tenant: Tenant, make_user: MakeUser) -> tuple[User, OutreachTask]:
    """A customer on the telephone who has proved themselves, and everything still to be asked."""
    officer, approver = make_user(tenant, Role.OFFICER, "saeki"), make_user(tenant, Role.APPROVER, "otsuka")
    actor = Actor.user(officer.pk)
    with tenant_scope(tenant.pk):
        open_for_business()
        publish({"individual": every_kind()}, actor=SYSTEM, now=NOW)
        customer = enter(1, branch_code="012")
        notified(officer, approver)
        task = make_task(customer=customer, kind="TELEPHONE", actor=actor, now=NOW)
        take_task(task=task, actor=actor, now=NOW)
    return officer, task


def prove_and_begin(client: Client, task: OutreachTask, tenant: Tenant, officer: User) -> Response:
    from django.utils import timezone

    with tenant_scope(tenant.pk):
        check_identity(task_id=task.pk, said=RIGHT, actor=Actor.user(officer.pk), now=timezone.now())
    assert client.post(reverse("outreach-begin", args=[task.pk])).status_code == 302
    with tenant_scope(tenant.pk):
        response: Response = Response.objects.get(reference=task.reference)
        response.answers = {field: None for page in parse(every_kind()).pages for field in page.fields}
        response.save(update_fields=["answers"])
    return response


def test_a_scan_is_attached_by_staff_and_looked_at_by_a_worker(call: tuple[User, OutreachTask], tenant: Tenant) -> None:
    officer, task = call
    client = Client()
    client.force_login(officer)
    response = prove_and_begin(client, task, tenant, officer)
    address = reverse("outreach-question", args=[task.pk, "papers"])
    scan = SimpleUploadedFile("scan.jpg", written(card(), "JPEG"), "image/jpeg")
    for _ in range(2):
        scan.seek(0)
        page = client.post(address, {"card-front": scan, "action": "attach"})
        assert page.status_code == 200
    with tenant_scope(tenant.pk):
        assert [(row.question, row.side) for row in AnswerFile.objects.filter(response=response)] == [("card", "front")]
        assert Upload.objects.get().status == "PENDING", "no picture is opened while a transaction is open"
    assert client.post(address, {"action": "continue"}).status_code == 302
    with tenant_scope(tenant.pk):
        response.refresh_from_db()
        assert [file["side"] for file in response.answers["card"]] == ["front"]
    refused = client.post(address, {"card-back": SimpleUploadedFile("a.txt", b"text"), "action": "attach"})
    assert (refused.status_code, b'href="#card-back"' in refused.content) == (422, True)


def test_whoever_is_not_on_the_task_attaches_nothing(
    call: tuple[User, OutreachTask], tenant: Tenant, make_user: MakeUser
) -> None:
    officer, task = call
    client, stranger = Client(), Client()
    client.force_login(officer)
    prove_and_begin(client, task, tenant, officer)
    stranger.force_login(make_user(tenant, Role.OFFICER, "other"))
    scan = SimpleUploadedFile("scan.jpg", written(card(), "JPEG"), "image/jpeg")
    stranger.post(reverse("outreach-question", args=[task.pk, "papers"]), {"card-front": scan, "action": "attach"})
    with tenant_scope(tenant.pk):
        assert not AnswerFile.objects.exists()


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")
def test_every_kind_fits_a_desk_and_a_telephone(call: tuple[User, OutreachTask], tenant: Tenant, address: str) -> None:
    officer, task = call
    client = Client()
    client.force_login(officer)
    prove_and_begin(client, task, tenant, officer)
    pages = [page.id for page in parse(every_kind()).pages]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, size in (("desk", DESK), ("phone", PHONE)):
            page = browser.new_context(viewport=size, locale="ja-JP", bypass_csp=True).new_page()
            sign_in(page, address, officer)
            for asked in pages:
                page.goto(address + reverse("outreach-question", args=[task.pk, asked]))
                assert page.url.endswith(f"/{asked}/"), page.url
                picture(page, f"staff-{name}-{asked}")
                assert not page.evaluate(TOO_WIDE), (name, asked)
                if name == "desk":
                    found = Axe().run(page, options=AXE)
                    assert found.violations_count == 0, found.generate_report()
        browser.close()
