"""Answers that come in just while a campaign closes or a call is noted: nobody waits for who waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from audit.services import Actor
from audit.transitions import transition_many
from campaigns.models import Campaign, PeriodicReview
from campaigns.services import close_campaign
from customers.models import Customer
from customers.selectors import facts_of
from outreach.models import OutreachTask
from questionnaires import routing
from questionnaires.models import Response
from questionnaires.selectors import questionnaire_of
from questionnaires.services import ResponseClosed, cancel_responses, save_page, submit_response
from tenants.models import Tenant, User
from tests.campaigns.acting import begin, enter, in_parallel, notified, review_of, settle_attempt
from tests.conftest import NOW, SYSTEM
from tests.outreach.test_tasks import task_of, tell


def typed(customer: Customer) -> Response:
    """The response with every page answered, and not sent off yet."""
    response = begin(customer)
    with transaction.atomic():
        said, questionnaire = facts_of(customer), questionnaire_of(response.version)
    while waiting := routing.next_page(questionnaire, response.answers):
        page = questionnaire.page(waiting)
        assert page is not None
        answers = {field: said.get(field) for field in page.fields}
        response = save_page(response=response, page_id=waiting, answers=answers, now=NOW)
    return response


def sent_off_against(
    tenant: Tenant, response: Response, other: Callable[[], Any], *, holds_review: bool = False
) -> list[Any]:
    """Send the answer off once ``other`` waits for something that the answer holds; what came of both."""
    is_held = Event()

    def answer() -> str:
        with transaction.atomic():
            Response.objects.select_for_update(no_key=True).get(pk=response.pk)
            if holds_review:  # as an answer does a moment later
                PeriodicReview.objects.select_for_update(no_key=True).get(pk=response.reference)
            is_held.set()
            until_somebody_waits()
            return str(submit_response(response=response, actor=Actor.customer(response.customer_id), now=NOW).status)

    def act() -> Any:
        assert is_held.wait(10)
        return other()

    return in_parallel(tenant, answer, act)


def until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def closed(campaign: Campaign, officer: User) -> None:
    close_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)


def closed_reviews_first(customer: Customer) -> None:
    """As campaigns were closed once: the review, and then its response."""
    with transaction.atomic():
        ids = list(PeriodicReview.objects.filter(customer=customer).values_list("id", flat=True))
        states = PeriodicReview.Status
        transition_many(PeriodicReview, ids, was=states.NOTIFIED, to=states.CANCELLED, actor=SYSTEM, at=NOW)
        cancel_responses(references=ids, actor=SYSTEM, now=NOW)


def test_an_answer_and_the_end_of_its_campaign_take_turns(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    campaign = notified(officer, approver)
    assert sent_off_against(bank, typed(customer), lambda: closed(campaign, officer)) == ["SUBMITTED", None]
    assert review_of(customer).status in ("IN_REVIEW", "COMPLETED"), "what was sent off is not lost"


def test_control_locking_the_review_first_ends_in_a_deadlock(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    results = sent_off_against(bank, typed(customer), lambda: closed_reviews_first(customer))
    assert [str(one) for one in results if isinstance(one, OperationalError) and "deadlock detected" in str(one)]


def test_an_answer_after_the_end_is_told_so(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    campaign = notified(officer, approver)
    response = typed(customer)
    closed(campaign, officer)
    with pytest.raises(ResponseClosed):
        submit_response(response=response, actor=Actor.customer(customer.pk), now=NOW)


def test_an_answer_and_a_call_in_vain_take_turns(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, tier="HIGH", contacts=["PHONE", "POST"], branch_code="012")
    notified(officer, approver)
    for channel in ("SMS", "POST"):
        settle_attempt(customer, channel, is_failure=True)
    response, task = typed(customer), task_of(customer)
    results = sent_off_against(bank, response, lambda: tell(task, "WRONG_NUMBER", officer), holds_review=True)
    assert not [one for one in results if isinstance(one, Exception)]
    assert review_of(customer).status in ("VERIFYING", "IN_REVIEW", "COMPLETED")
    with transaction.atomic():
        assert not OutreachTask.objects.filter(customer=customer, status__in=("OPEN", "ASSIGNED")).exists()
