"""Customers whom a notice reached and who say nothing: called after the approved days, then visited."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from audit.services import Actor
from campaigns.models import Campaign
from campaigns.services import contact_silent, pause_campaign
from channels.models import DeliveryAttempt
from channels.settling import Settlement, move
from customers.models import ContactPoint, Customer
from outreach.models import OutreachTask
from tenants.models import Tenant, User
from tests.campaigns.acting import SYSTEM, answer, begin, enter, in_parallel, notified, review_of, settle_attempt
from tests.conftest import NOW
from tests.outreach.test_tasks import statuses, task_of, tell

LATER = NOW + timedelta(days=15)


def contacted(campaign: Campaign, *, now: datetime = LATER) -> tuple[int, int]:
    """How many are called and how many visited at a moment."""
    calls, visits = (contact_silent(campaign_id=campaign.pk, kind=kind, now=now) for kind in ("TELEPHONE", "VISIT"))
    return calls, visits


@pytest.fixture
def silent(bank: Tenant) -> Customer:
    """Somebody of high risk whose message arrives."""
    return enter(1, tier="HIGH", branch_code="012")


@pytest.fixture
def campaign(silent: Customer, officer: User, approver: User) -> Campaign:
    """Two weeks until a call, two more until a visit; the first notices have arrived."""
    made = notified(officer, approver)
    settle_attempt(silent, "LINE", is_failure=False)
    assert made.plan["silence"] == {"TELEPHONE": 14, "VISIT": 14}
    return made


def test_who_says_nothing_is_called_once_and_then_visited(campaign: Campaign, silent: Customer, officer: User) -> None:
    assert contacted(campaign, now=NOW + timedelta(days=13)) == (0, 0)
    assert contacted(campaign) == (1, 0)
    assert contacted(campaign) == (0, 0), "once"
    task = task_of(silent)
    review = review_of(silent)
    assert (task.origin, task.reference, task.branch_code) == ("SILENCE", review.pk, "012")
    assert (review.status, review.channel) == ("NOTIFIED", "LINE"), "the notice did arrive"
    tell(task, "PROMISED", officer, now=LATER)
    assert contacted(campaign, now=LATER + timedelta(days=13)) == (0, 0)
    assert contacted(campaign, now=LATER + timedelta(days=15)) == (0, 1)
    assert statuses(silent) == {"TELEPHONE": "DONE", "VISIT": "OPEN"}


def test_a_call_in_vain_does_not_make_a_notice_undelivered(campaign: Campaign, silent: Customer, officer: User) -> None:
    contacted(campaign)
    tell(task_of(silent), "WRONG_NUMBER", officer, now=LATER)
    assert review_of(silent).status == "NOTIFIED"
    assert statuses(silent) == {"TELEPHONE": "GAVE_UP"}


def test_an_answer_ends_the_call(campaign: Campaign, silent: Customer) -> None:
    contacted(campaign)
    answer(silent, at=LATER)
    assert statuses(silent) == {"TELEPHONE": "CANCELLED"}
    assert contacted(campaign, now=LATER + timedelta(days=40)) == (0, 0)


def test_who_refused_or_is_just_answering_is_left_alone(bank: Tenant, officer: User, approver: User) -> None:
    refused, writing, moved_on, low = (
        enter(1, tier="HIGH"), enter(2, tier="HIGH"), enter(3, tier="HIGH"), enter(4, tier="LOW"),
    )  # fmt: skip
    campaign = notified(officer, approver)
    for customer in (refused, writing, moved_on, low):
        settle_attempt(customer, "LINE", is_failure=False)
    response = begin(writing)
    with transaction.atomic():
        type(response).objects.filter(pk=response.pk).update(saved_at=LATER - timedelta(days=1))
    assert contacted(campaign) == (2, 0)
    assert statuses(writing) == statuses(low) == {}
    tell(task_of(refused), "REFUSED", officer, now=LATER)
    tell(task_of(moved_on), "PROMISED", officer, now=LATER)
    assert contacted(campaign, now=LATER + timedelta(days=15))[1] == 1
    assert statuses(refused) == {"TELEPHONE": "DONE"}


def test_without_a_telephone_it_is_a_visit(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1, tier="HIGH", contacts=["LINE", "POST"])
    campaign = notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    assert contacted(campaign) == (0, 1)


def test_nobody_is_called_for_a_campaign_that_rests_or_whose_plan_says_so(
    campaign: Campaign, silent: Customer, officer: User
) -> None:
    pause_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    assert contacted(campaign) == (0, 0)
    with transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(status="RUNNING", plan={**campaign.plan, "silence": {}})
    assert contacted(campaign) == (0, 0)
    with transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(plan=campaign.plan)
    assert contacted(campaign) == (1, 0), "control"


def test_two_workers_at_once_make_one_task_for_each(bank: Tenant, officer: User, approver: User) -> None:
    customers = [enter(number, tier="HIGH") for number in range(4)]
    campaign = notified(officer, approver)
    for customer in customers:
        settle_attempt(customer, "LINE", is_failure=False)
    made = in_parallel(bank, *[lambda: contact_silent(campaign_id=campaign.pk, kind="TELEPHONE", now=LATER)] * 3)
    assert sum(made) == 4, made
    with transaction.atomic():
        assert OutreachTask.objects.count() == 4


def test_a_letter_that_comes_back_after_a_call_in_vain_is_followed_by_the_visit(
    bank: Tenant, officer: User, approver: User
) -> None:
    """The ladder does not call a second time whom the silence had called."""
    customer = enter(1, tier="HIGH", contacts=["POST"])
    with transaction.atomic():
        ContactPoint.objects.create(customer=customer, channel="PHONE", value="+81312345678", value_index=bytes(16))
    campaign = notified(officer, approver)
    settle_attempt(customer, "POST", is_failure=False)
    assert contacted(campaign) == (1, 0)
    for _ in range(5):
        tell(task_of(customer), "NO_ANSWER", officer, now=LATER)
    with transaction.atomic():
        letter = DeliveryAttempt.objects.get(notice__customer=customer)
    move({letter.pk: Settlement("RETURNED", {"settled_at": LATER})}, was=letter.status, actor=SYSTEM, now=LATER)
    assert statuses(customer) == {"TELEPHONE": "GAVE_UP", "VISIT": "OPEN"}
    assert review_of(customer).channel == "VISIT"
