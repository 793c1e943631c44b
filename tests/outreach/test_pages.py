"""The staff pages: lists, one task, the identity check, answers on behalf, the record of a visit, and who sees what."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.models import PeriodicReview
from customers.models import ContactPoint, Customer
from outreach.models import OutreachTask, OutreachTry, VisitRecord
from outreach.services import OutreachRefused, assign_task, make_task, take_task
from questionnaires.models import Response
from reviews.models import Case
from reviews.policies import OwnWork
from reviews.services import decide_case
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import PROFILE, enter, notified, settle_attempt
from tests.conftest import NOW, MakeUser, SignIn
from uploads.models import Upload

PHONE = "+819012345678"
RIGHT = {"birth_on": "昭和35年4月1日", "last_digits": "4567"}


@transaction.atomic
def fresh[M: Any](row: M) -> M:
    row.refresh_from_db()
    return row


def of_kind(kind: str, by: User, number: int = 1, **columns: Any) -> OutreachTask:
    """A task of the person's own."""
    task = make_task(customer=enter(number, **columns), kind=kind, actor=Actor.user(by.pk), now=NOW)
    take_task(task=task, actor=Actor.user(by.pk), now=NOW)
    return fresh(task)


def page(client: Client, name: str, *arguments: object) -> str:
    answer = client.get(reverse(name, args=arguments))
    assert answer.status_code == 200, (name, answer.status_code)
    return answer.content.decode()


@pytest.fixture
def asked(bank: Tenant, officer: User, approver: User) -> Customer:
    """Somebody whom the ladder wants called, and whose rung before was the letter."""
    customer = enter(1, tier="MEDIUM", contacts=["POST"], branch_code="012")
    with transaction.atomic():
        ContactPoint.objects.create(customer=customer, channel="PHONE", value="+81312345678", value_index=bytes(16))
    notified(officer, approver)
    settle_attempt(customer, "POST", is_failure=True)
    return customer


def test_who_does_the_task_sees_whom_to_call_and_nobody_else_does(
    bank: Tenant, officer: User, auditor: User, make_user: MakeUser, staff_client: SignIn
) -> None:
    task = make_task(customer=enter(1), kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    client, other = staff_client(officer), staff_client(auditor)
    assert f"tel:{PHONE}" not in page(client, "outreach-task", task.pk), "not before it is theirs"
    assert client.post(reverse("outreach-take", args=[task.pk])).status_code == 302
    seen = page(client, "outreach-task", task.pk)
    assert f"tel:{PHONE}" in seen
    assert PROFILE["name"] in seen
    assert not re.search(r"\b1234567\b|1960|昭和35", seen), "what is asked is not shown"
    hidden = page(other, "outreach-task", task.pk)
    assert PROFILE["name"] not in hidden
    assert "tel:" not in hidden
    with transaction.atomic():
        assert AuditEvent.objects.filter(event="customer.viewed").count() == 1


def test_a_contractor_sees_whom_to_reach_while_their_task_is_open_and_no_number_of_the_bank(
    bank: Tenant, officer: User, contractor: User, staff_client: SignIn
) -> None:
    """Neither customer number nor account, only their own tasks, and every look is on record."""
    actor = Actor.user(officer.pk)
    task = make_task(customer=enter(1), kind="TELEPHONE", actor=actor, now=NOW)
    other = make_task(customer=enter(2), kind="TELEPHONE", actor=actor, now=NOW)
    client = staff_client(contractor)
    assert client.get(reverse("outreach-task", args=[task.pk])).status_code == 404, "control: not theirs yet"
    assign_task(task=task, assignee=contractor.pk, actor=actor, now=NOW)
    assert client.get(reverse("outreach-task", args=[other.pk])).status_code == 404
    listed, seen = page(client, "outreach"), page(client, "outreach-task", task.pk)
    assert str(other.pk) not in listed
    assert f"tel:{PHONE}" in seen
    assert PROFILE["name"] in seen
    assert PROFILE["name"] not in listed, "the list is no directory"
    for number in (task.customer.number, PROFILE["account_number"], "昭和35"):
        assert not re.search(rf"\b{number}\b", listed + seen)
    assert task.customer.number in page(staff_client(officer), "outreach-task", task.pk), "control"
    with transaction.atomic():
        views = AuditEvent.objects.filter(event="customer.viewed", actor_id=str(contractor.pk))
        assert [view.target_id for view in views] == [str(task.customer_id)]
    assert client.post(reverse("outreach-assign", args=[task.pk])).status_code == 403
    assert client.get(reverse("outreach-new", args=[task.customer_id])).status_code == 404
    client.post(reverse("outreach-try", args=[task.pk]), {"outcome": "REFUSED", "token": uuid4()})
    closed = page(client, "outreach-task", task.pk)
    assert "tel:" not in closed
    assert PROFILE["name"] not in closed, "nothing is left of it when it is done"


def test_a_sensitive_customer_is_given_to_no_contractor(bank: Tenant, officer: User, contractor: User) -> None:
    actor = Actor.user(officer.pk)
    watched = make_task(customer=enter(1, is_foreign_pep=True), kind="TELEPHONE", actor=actor, now=NOW)
    with pytest.raises(OutreachRefused):
        assign_task(task=watched, assignee=contractor.pk, actor=actor, now=NOW)
    assign_task(task=watched, assignee=officer.pk, actor=actor, now=NOW)
    assert fresh(watched).assignee == officer.pk, "control"


def test_branch_staff_see_the_tasks_of_their_branch(
    bank: Tenant, officer: User, branch_staff: User, staff_client: SignIn
) -> None:
    actor = Actor.user(officer.pk)
    ours = make_task(customer=enter(1, branch_code="012"), kind="VISIT", actor=actor, now=NOW)
    theirs = make_task(customer=enter(2, branch_code="034"), kind="VISIT", actor=actor, now=NOW)
    client = staff_client(branch_staff)
    listed = client.get(reverse("outreach") + "?list=open").content.decode()
    assert str(ours.pk) in listed
    assert str(theirs.pk) not in listed
    assert client.get(reverse("outreach-task", args=[theirs.pk])).status_code == 404
    assert str(theirs.pk) in staff_client(officer).get(reverse("outreach") + "?list=open").content.decode(), "control"


def test_the_lists(bank: Tenant, officer: User, staff_client: SignIn) -> None:
    """Own, unassigned, overdue, closed: each task is where it belongs."""
    mine = of_kind("TELEPHONE", officer, 1)
    free = make_task(customer=enter(2), kind="VISIT", actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        OutreachTask.objects.filter(pk=free.pk).update(due_on="2026-01-05")
    client = staff_client(officer)

    def on(which: str) -> set[UUID]:
        body = client.get(reverse("outreach") + f"?list={which}").content.decode()
        return {task.pk for task in (mine, free) if str(task.pk) in body}

    assert (on("own"), on("unassigned"), on("open")) == ({mine.pk}, {free.pk}, {mine.pk, free.pk})
    assert free.pk in on("overdue")
    assert on("closed") == set()
    client.post(reverse("outreach-cancel", args=[free.pk]))
    assert on("closed") == {free.pk}


def test_a_task_is_entered_on_the_customers_page(
    bank: Tenant, officer: User, auditor: User, staff_client: SignIn
) -> None:
    customer, client = enter(1), staff_client(officer)
    address = reverse("outreach-new", args=[customer.pk])
    assert address in page(client, "customer", customer.pk)
    assert client.post(address).status_code == 422
    assert client.post(address, {"kind": "VISIT"}).status_code == 302
    assert client.post(address, {"kind": "VISIT"}).status_code == 422, "there is one"
    assert staff_client(auditor).get(address).status_code == 403
    assert address not in page(staff_client(auditor), "customer", customer.pk)


def test_what_is_typed_in_the_identity_check_is_not_given_back(
    bank: Tenant, officer: User, staff_client: SignIn
) -> None:
    task, client = of_kind("TELEPHONE", officer), staff_client(officer)
    address = reverse("outreach-identity", args=[task.pk])
    assert client.post(address, {"last_digits": "9876"}).status_code == 422, "one fact is not enough"
    answer = client.post(address, {**RIGHT, "last_digits": "9876"})
    assert answer.status_code == 422
    assert "9876" not in answer.content.decode()
    assert fresh(task).failed_proofs == 1, "what is incomplete is not counted"
    assert client.post(address, RIGHT).status_code == 302
    assert fresh(task).proved_by == officer.pk


def test_answers_are_taken_on_behalf_and_judged_by_somebody_else(
    asked: Customer, officer: User, make_user: MakeUser, tenant: Tenant, staff_client: SignIn
) -> None:
    """Identity, the same questionnaire, the case; whoever typed may not decide it (four eyes)."""
    client = staff_client(officer)
    with transaction.atomic():
        task = OutreachTask.objects.get(customer=asked)
    client.post(reverse("outreach-take", args=[task.pk]))
    begin = reverse("outreach-begin", args=[task.pk])
    assert client.post(begin).headers["Location"] == reverse("outreach-task", args=[task.pk]), "not proved yet"
    with transaction.atomic():
        assert Response.objects.get(customer=asked).status == "OPEN"
    client.post(reverse("outreach-identity", args=[task.pk]), RIGHT)
    here = client.post(begin).headers["Location"]
    pages = 0
    while not here.endswith("/check/"):
        pages += 1
        assert pages < 30
        shown = client.get(here).content.decode()
        assert PROFILE["name"] not in shown, "nothing on file is read out"
        here = client.post(here, filled_in(shown)).headers["Location"]
    assert client.get(here).status_code == 200
    assert client.post(here).headers["Location"] == reverse("outreach-task", args=[task.pk])
    assert client.post(here).status_code == 302, "sent twice"
    with transaction.atomic():
        response = Response.objects.get(customer=asked)
        assert (response.status, response.origin, response.entered_by) == ("SUBMITTED", "TELEPHONE", officer.pk)
        assert OutreachTask.objects.get(pk=task.pk).status == "DONE"
        assert list(OutreachTry.objects.values_list("outcome", flat=True)) == ["ANSWERED"]
        assert PeriodicReview.objects.get(customer=asked).status == "IN_REVIEW"
        events = set(AuditEvent.objects.filter(actor_id=str(officer.pk)).values_list("event", flat=True))
        case = Case.objects.get(customer=asked)
    assert {"response.begun_on_behalf", "response.page_saved", "response.submitted"} <= events
    decision = {
        "case": case,
        "outcome": "KEEP_FILE",
        "accepted_fields": [],
        "rationale": "変更なし",
        "now": timezone.now(),
    }
    with pytest.raises(OwnWork):
        decide_case(actor=Actor.user(officer.pk), **decision)
    colleague = make_user(tenant, Role.OFFICER, "colleague")
    assert decide_case(actor=Actor.user(colleague.pk), **decision).decided_by == colleague.pk, "control"


def filled_in(shown: str) -> dict[str, str]:
    """What the member of staff clicks: nothing has changed, or the last choice of every question."""
    if 'value="unchanged"' in shown:
        return {"action": "unchanged"}
    data = {"action": "continue"}
    for tag in re.findall(r"<input[^>]*>", shown):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and value and 'type="radio"' in tag:
            data[name[1]] = value[1]
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', shown, re.S):
        data[name] = re.findall(r'value="([^"]+)"', options)[-1]
    return data


def test_nobody_goes_on_with_a_colleagues_answers(
    asked: Customer, officer: User, make_user: MakeUser, tenant: Tenant, staff_client: SignIn
) -> None:
    client, other = staff_client(officer), staff_client(make_user(tenant, Role.OFFICER, "colleague"))
    with transaction.atomic():
        task = OutreachTask.objects.get(customer=asked)
    client.post(reverse("outreach-take", args=[task.pk]))
    client.post(reverse("outreach-identity", args=[task.pk]), RIGHT)
    here = client.post(reverse("outreach-begin", args=[task.pk])).headers["Location"]
    assert client.get(here).status_code == 200
    assert other.get(here).status_code == 302
    assert other.post(here, {"action": "unchanged"}).status_code == 302
    with transaction.atomic():
        assert not Response.objects.get(customer=asked).answers


def photograph() -> SimpleUploadedFile:
    body = BytesIO()
    Image.new("RGB", (40, 30), "navy").save(body, "JPEG")
    return SimpleUploadedFile("看板.jpg", body.getvalue(), "image/jpeg")


def test_a_visit_is_recorded_step_by_step_and_each_step_twice(
    bank: Tenant, officer: User, staff_client: SignIn
) -> None:
    task, client = of_kind("VISIT", officer), staff_client(officer)

    def at(step: str) -> str:
        return reverse("outreach-visit", args=[task.pk, step])

    assert client.post(at("place")).status_code == 422
    for _ in range(2):  # the answer was lost on the way
        place = client.post(at("place"), {"address_confirmed": "yes", "latitude": "35.681236", "longitude": "139.7671"})
        assert place.headers["Location"] == at("house")
        client.post(at("house"), {"signboard": "same", "checklist": ["nameplate", "lived_in"]})
        client.post(at("photo"), {"file": photograph()})
    assert 'value="yes"' in client.get(at("place")).content.decode()
    with transaction.atomic():
        token = VisitRecord.objects.get().pk
    assert str(token) in client.get(at("end")).content.decode()
    for _ in range(2):
        ended = client.post(at("end"), {"outcome": "ABSENT", "note": "夕方に再訪", "token": token})
        assert ended.headers["Location"] == reverse("outreach-task", args=[task.pk])
    with transaction.atomic():
        visit = VisitRecord.objects.get()
        assert visit.finished_at
        assert visit.details == {
            "address_confirmed": "yes",
            "latitude": 35.6812,
            "longitude": 139.7671,
            "signboard": "same",
            "checklist": ["nameplate", "lived_in"],
        }
        upload = Upload.objects.get()
        assert (upload.purpose, upload.person_id, upload.reference) == ("VISIT_PHOTO", task.customer_id, visit.pk)
        assert list(OutreachTry.objects.values_list("outcome", "token")) == [("ABSENT", token)]
        assert AuditEvent.objects.filter(event__startswith="visitrecord.").count() == 2
    shown = page(client, "outreach-task", task.pk)
    assert "35.6812" in shown
    assert "夕方に再訪" in shown
    client.post(at("end"), {"outcome": "ABSENT", "token": uuid4()})
    with transaction.atomic():
        assert OutreachTry.objects.count() == 1, "without a record under way nothing can be closed"
    client.post(at("place"), {"address_confirmed": "no"})
    with transaction.atomic():
        assert VisitRecord.objects.count() == 2, "control: another visit is another record"


def test_a_photograph_is_shown_only_when_it_is_clean(
    bank: Tenant, officer: User, auditor: User, staff_client: SignIn
) -> None:
    task, client = of_kind("VISIT", officer), staff_client(officer)
    client.post(reverse("outreach-visit", args=[task.pk, "place"]), {"address_confirmed": "yes"})
    client.post(reverse("outreach-visit", args=[task.pk, "photo"]), {"file": photograph()})
    with transaction.atomic():
        upload = Upload.objects.get()
    address = reverse("outreach-photo", args=[task.pk, upload.pk])
    assert client.get(address).status_code == 404, "not examined yet"
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(status="CLEAN")
    assert client.get(address).status_code == 200
    other = of_kind("VISIT", officer, 2)
    assert client.get(reverse("outreach-photo", args=[other.pk, upload.pk])).status_code == 404
    assert staff_client(auditor).get(address).status_code == 403


def test_what_is_no_picture_is_refused_in_a_sentence(bank: Tenant, officer: User, staff_client: SignIn) -> None:
    task, client = of_kind("VISIT", officer), staff_client(officer)
    client.post(reverse("outreach-visit", args=[task.pk, "place"]), {"address_confirmed": "yes"})
    address = reverse("outreach-visit", args=[task.pk, "photo"])
    answer = client.post(address, {"file": SimpleUploadedFile("x.jpg", b"<svg/>", "image/jpeg")})
    assert answer.status_code == 422
    with transaction.atomic():
        assert Upload.objects.count() == 0


def test_only_the_step_about_the_place_may_ask_where_it_is(bank: Tenant, officer: User, staff_client: SignIn) -> None:
    task, client = of_kind("VISIT", officer), staff_client(officer)
    place = client.get(reverse("outreach-visit", args=[task.pk, "place"])).headers["Permissions-Policy"]
    client.post(reverse("outreach-visit", args=[task.pk, "place"]), {"address_confirmed": "yes"})
    house = client.get(reverse("outreach-visit", args=[task.pk, "house"])).headers["Permissions-Policy"]
    assert "geolocation=(self)" in place
    assert "camera=()" in place
    assert "geolocation=()" in house


def test_capacity_is_set_by_those_who_assign(
    bank: Tenant, officer: User, branch_staff: User, staff_client: SignIn
) -> None:
    client, address = staff_client(officer), reverse("outreach-capacity")
    assert client.post(address, {"kind": "VISIT", "branch_code": "012", "tasks": "0"}).status_code == 422
    assert client.post(address, {"kind": "VISIT", "branch_code": "012", "tasks": "3"}).status_code == 302
    assert "012" in page(client, "outreach-capacity")
    assert staff_client(branch_staff).get(address).status_code == 403
