"""Asking to be called: when, at which number, and what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from outreach.calls import hours
from outreach.calls.models import CallRequest
from outreach.calls.services import desk_of
from outreach.models import OutreachTask
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import SignIn
from tests.portal.helping import wish
from tests.portal.journey import page_of, walk
from tests.questionnaires.filing import Sent, plan_review


def test_a_customer_who_asks_is_called_then_and_there(
    person: Sent, visitor: Client, now: datetime, officer: User, staff_client: SignIn
) -> None:
    form = visitor.get("/r/help/call/").content.decode()
    assert "-5678" in form
    assert "9012345678" not in form
    asked = wish(person, now)
    page = visitor.post("/r/help/call/", {**asked, "which": "file"})
    assert page_of(page) == "sent"
    with tenant_scope(person.tenant.pk):
        task, made = OutreachTask.objects.get(), CallRequest.objects.get()
    assert task.origin == OutreachTask.Origin.ASKED
    assert task.due_on.isoformat() == asked["day"]
    assert made.phone is None
    assert timezone.localtime(task.call_back_at).hour == 12
    client = staff_client(officer)
    client.post(reverse("outreach-take", args=[task.pk]))
    assert made.number in client.get(reverse("outreach-task", args=[task.pk])).content.decode()


def test_another_number_is_sealed_and_shown_to_whoever_calls(
    person: Sent, now: datetime, officer: User, staff_client: SignIn, superuser: psycopg.Connection
) -> None:
    stranger = Client()
    address = f"/r/{person.token}/help/call/"
    assert "5678" not in stranger.get(address).content.decode().replace("090-1234-5678", ""), (
        "the number on file is not hinted at"
    )
    asked = wish(person, now)
    assert stranger.post(address, {**asked, "which": "file"}).status_code == 422, "a number is needed"
    assert page_of(stranger.post(address, {**asked, "phone": "０８０−１１１１−２２２２"})) == "sent"
    raw = superuser.execute("SELECT phone FROM outreach_callrequest").fetchall()[0][0]
    assert b"080-" not in bytes(raw)
    with tenant_scope(person.tenant.pk):
        task = OutreachTask.objects.get()
    client = staff_client(officer)
    assert "080-1111-2222" not in client.get(reverse("outreach-task", args=[task.pk])).content.decode()
    client.post(reverse("outreach-take", args=[task.pk]))
    assert "080-1111-2222" in client.get(reverse("outreach-task", args=[task.pk])).content.decode()


def test_calls_are_asked_for_on_working_days_and_not_too_soon(person: Sent, visitor: Client, now: datetime) -> None:
    with tenant_scope(person.tenant.pk):
        desk = desk_of(person.tenant)
    days = hours.days(desk, now=now)
    assert len(days) == 5
    assert all(day.weekday() < 5 for day in days)
    asked = wish(person, now)
    late = (now + timedelta(days=90)).date().isoformat()
    for wrong in ({"day": "2020-01-06"}, {"day": late}, {"day": "x"}, {"part": "NIGHT"}):
        assert visitor.post("/r/help/call/", {**asked, "which": "file", **wrong}).status_code == 422, wrong


def test_whoever_answers_after_asking_is_called_all_the_same(
    tenant: Tenant, person: Sent, visitor: Client, now: datetime
) -> None:
    plan_review(tenant, person, now=now)
    visitor.post("/r/help/call/", {**wish(person, now), "which": "file"})
    walk(visitor, person)
    visitor.post("/r/answer/check/", {"action": "submit"})
    with tenant_scope(person.tenant.pk):
        assert OutreachTask.objects.get().status == OutreachTask.Status.OPEN
