"""P5: answers that are kept for a time only: let go by two people, held where a hold is, and gone with their files."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import Customer
from questionnaires.keeping import destroy_answers, due_answers, note_review_closed
from questionnaires.models import KeptAnswer, Response
from questionnaires.routing import facts_answered
from questionnaires.selectors import questionnaire_of
from questionnaires.services import open_responses, publish, submit_response
from questionnaires.telling import told
from retention.executing import execute_approved
from retention.models import PurgeItem
from retention.services import approve_proposal, find_due, place_hold, submit_proposal
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import file_customer

HIDDEN = {"===": [{"var": "is_ill"}, True]}
SHORT: dict[str, Any] = document(
    page("health", question("is_ill", "yes_no", keep_months=6, required=True)),
    page("care", question("carer", "text", keep_until="review"), show_if=HIDDEN),
    page("home", question("moved", "text"), question("handles_cash", "yes_no", maps_to="handles_cash")),
)
ANSWERS = {"is_ill": True, "carer": "山田 一郎", "moved": "いいえ", "handles_cash": False}
OVER = NOW + timedelta(days=200)


def answered(number: str = "1", answers: dict[str, object] | None = None) -> Response:
    publish({"individual": SHORT}, actor=SYSTEM, now=NOW)
    customer = file_customer(number=number)
    reference = uuid4()
    opened = open_responses(customers=[customer], reference_by_customer={customer.pk: reference}, now=NOW)
    response = opened[customer.pk]
    response.answers = answers or ANSWERS
    response.status = Response.Status.STARTED
    response.save()
    return submit_response(response=response, actor=Actor.customer(customer.pk), now=NOW)


def again(response: Response) -> Response:
    found: Response = Response.objects.select_related("version").get(pk=response.pk)
    return found


@pytest.fixture
def response(in_tenant: Tenant) -> Response:
    with transaction.atomic():
        return answered()


def kept(response: Response) -> dict[str, date | None]:
    return dict(KeptAnswer.objects.filter(response=response).values_list("question", "kept_until"))


def test_with_the_sending_it_is_noted_until_when_each_answer_is_kept(response: Response) -> None:
    with transaction.atomic():
        assert kept(response) == {"is_ill": date(2027, 5, 24), "carer": None}
        note_review_closed(reference=response.reference, now=NOW + timedelta(days=3))
        assert kept(response)["carer"] == date(2026, 11, 27)


def test_what_was_not_answered_is_not_kept(in_tenant: Tenant) -> None:
    with transaction.atomic():
        assert kept(answered(answers={"is_ill": False, "moved": None, "handles_cash": None})) == {
            "is_ill": date(2027, 5, 24)
        }


def purge(officer: User, approver: User, now: datetime, hold: UUID | None = None) -> dict[str, int] | None:
    proposal = find_due(actor=SYSTEM, now=now)
    if proposal is None:
        return None
    submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=now)
    approve_proposal(proposal=proposal, seen_hash=proposal.list_hash, actor=Actor.user(approver.pk), now=now)
    if hold:
        place_hold(subject=hold, reason="INQUIRY", matter="1", actor=SYSTEM, now=now)
    execute_approved(actor=SYSTEM, now=now)
    return dict(proposal.counts)


def test_two_people_let_it_go_and_the_rest_of_the_answer_stays(
    response: Response, officer: User, approver: User
) -> None:
    assert purge(officer, approver, NOW + timedelta(days=100)) is None
    assert purge(officer, approver, OVER) == {"kept_answers": 1}
    with transaction.atomic():
        left = again(response)
        assert left.answers["is_ill"] is None
        assert left.answers["carer"] == "山田 一郎"
        assert facts_answered(questionnaire_of(left.version), left.answers) == {"handles_cash": False}
        pages = told(left, masked=False, shows_sensitive=True)
        assert [page.title for page in pages] == ["ページ health", "ページ care", "ページ home"]
        (ill,) = pages[0].answers
        assert (ill.words, ill.destroyed_on) == ((), OVER.date())
        acts = AuditEvent.objects.filter(event="keptanswer.destroyed")
        assert acts.count() == 1
        assert "is_ill" not in str(acts.get().data)


def test_a_destroyed_answer_that_shaped_the_way_asks_nothing_anew(
    in_tenant: Tenant, officer: User, approver: User
) -> None:
    with transaction.atomic():
        response = answered(answers={"is_ill": False, "moved": "いいえ", "handles_cash": False})
    purge(officer, approver, OVER)
    with transaction.atomic():
        pages = told(again(response), masked=False, shows_sensitive=True)
    assert [page.title for page in pages] == ["ページ health", "ページ home"]


def test_a_hold_keeps_it_even_between_approval_and_execution(response: Response, officer: User, approver: User) -> None:
    assert purge(officer, approver, OVER, hold=response.customer_id) == {"kept_answers": 1}
    with transaction.atomic():
        assert [item.outcome for item in PurgeItem.objects.all()] == ["HELD"]
        assert again(response).answers["is_ill"] is True


def test_a_batch_costs_the_same_however_long_it_is(in_tenant: Tenant) -> None:
    counted = []
    with transaction.atomic():
        for first, count in ((1, 2), (11, 12)):
            for number in range(count):
                answered(str(first * 100 + number))
            due = [one.record for one in due_answers(until=OVER.date(), limit=100)]
            assert len(due) == count
            with CaptureQueriesContext(
                connection,
            ) as queries:
                destroy_answers(due, actor=SYSTEM, now=OVER)
            counted.append(len(queries))
    assert counted[0] == counted[1]
    with transaction.atomic():
        assert Customer.objects.count() == 14
        assert not KeptAnswer.objects.filter(question="is_ill", destroyed_at__isnull=True).exists()
