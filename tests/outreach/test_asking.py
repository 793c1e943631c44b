"""A reviewer asks the customer by a call or a visit, and the case shows what came of it; nobody judges their typing."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.services import Actor
from campaigns.models import PeriodicReview
from outreach.models import OutreachTask
from outreach.services import take_task
from questionnaires.models import Response
from reviews.models import Case
from reviews.policies import OwnWork
from reviews.services import approve_decision
from tenants.models import Role, Tenant, User
from tests.campaigns.acting import enter, notified
from tests.conftest import NOW, MakeUser, SignIn
from tests.reviews.acting import case_of, decided, moved_customer

QUESTION = "新しいご住所に番地が入っていません。番地をお伺いしてください。"
REPLY = "番地は5-6とのこと"


@pytest.fixture
def case(bank: Tenant, officer: User, approver: User) -> Case:
    """Answers that differ from the file."""
    return case_of(moved_customer(officer, approver, branch_code="012"))


def shown(client: Client, case: Case) -> str:
    return client.get(reverse("case", args=[case.pk])).content.decode()


def test_a_question_goes_out_from_the_case_and_its_answer_comes_back_to_it(
    case: Case, officer: User, approver: User, auditor: User, staff_client: SignIn
) -> None:
    client, address = staff_client(officer), reverse("outreach-ask", args=[case.response_id])
    assert address in shown(client, case)
    assert address not in shown(staff_client(approver), case), "an approver calls nobody"
    assert client.post(address, {"kind": "TELEPHONE"}).status_code == 422, "what is to be asked?"
    assert client.post(address, {"kind": "TELEPHONE", "why": QUESTION}).status_code == 302
    assert client.post(address, {"kind": "TELEPHONE", "why": QUESTION}).status_code == 422, "it is being asked"
    with transaction.atomic():
        task = OutreachTask.objects.get()
        assert (task.origin, task.reference, task.why) == ("CASE", case.reference, QUESTION)
    page = reverse("outreach-task", args=[task.pk])
    assert QUESTION not in staff_client(auditor).get(page).content.decode(), "it is about the customer"
    take_task(task=task, actor=Actor.user(officer.pk), now=NOW)
    asked = client.get(page).content.decode()
    assert QUESTION in asked
    assert 'value="CLARIFIED"' in asked
    assert 'value="PROMISED"' not in asked
    sent = {"outcome": "CLARIFIED", "note": REPLY, "token": uuid4()}
    assert client.post(reverse("outreach-try", args=[task.pk]), sent).status_code == 302
    with transaction.atomic():
        assert OutreachTask.objects.get().status == "DONE"
        assert PeriodicReview.objects.get().status == "IN_REVIEW"
    for user in (officer, approver):
        answered = shown(staff_client(user), case)
        assert QUESTION in answered
        assert REPLY in answered
    masked = shown(staff_client(auditor), case)
    assert reverse("outreach-task", args=[task.pk]) in masked
    assert QUESTION not in masked
    assert REPLY not in masked


def test_a_closed_case_asks_nobody_any_more(case: Case, officer: User, approver: User, staff_client: SignIn) -> None:
    client, address = staff_client(officer), reverse("outreach-ask", args=[case.response_id])
    client.post(address, {"kind": "VISIT", "why": QUESTION})
    with transaction.atomic():
        customer = Case.objects.select_related("customer").get(pk=case.pk).customer
    approve_decision(decision=decided(customer, officer), actor=Actor.user(approver.pk), now=NOW)
    with transaction.atomic():
        assert OutreachTask.objects.get().status == "CANCELLED"
    assert address not in shown(client, case)


def test_nothing_is_asked_about_answers_that_are_not_in(
    bank: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    enter(1)
    notified(officer, approver)
    with transaction.atomic():
        response = Response.objects.get()
    instead = staff_client(officer).get(reverse("outreach-ask", args=[response.pk])).headers["Location"]
    assert instead == reverse("outreach-new", args=[response.customer_id])


def test_branch_staff_ask_only_their_own_customers(
    case: Case, branch_staff: User, make_user: MakeUser, tenant: Tenant, staff_client: SignIn
) -> None:
    address = reverse("outreach-ask", args=[case.response_id])
    elsewhere = make_user(tenant, Role.BRANCH_STAFF, "elsewhere", branch_code="034")
    assert staff_client(elsewhere).get(address).status_code == 404
    assert staff_client(branch_staff).get(address).status_code == 200, "control"


def test_whoever_typed_the_answers_does_not_approve_the_decision_under_another_account_either(
    case: Case, officer: User, approver: User, make_user: MakeUser, tenant: Tenant
) -> None:
    """Four eyes (A9) count the person who typed on the customer's behalf; their own account may approve nothing."""
    typist = make_user(tenant, Role.OFFICER, "typist", staff_number="20001")
    again = make_user(tenant, Role.APPROVER, "typist-2", staff_number="20001")
    with transaction.atomic():
        typed = {"entered_by": typist.pk, "entered_person": "20001", "origin": "TELEPHONE"}
        Response.objects.filter(pk=case.response_id).update(**typed)
        customer = Case.objects.select_related("customer").get(pk=case.pk).customer
    decision = decided(customer, officer)
    with pytest.raises(OwnWork):
        approve_decision(decision=decision, actor=Actor.user(again.pk), now=NOW)
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=NOW)
    with transaction.atomic():
        assert Case.objects.get(pk=case.pk).status == "CLOSED", "control"
