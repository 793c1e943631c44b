"""The end of a stay: the customer is rated anew once, planned, and older books get the day worked out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import transaction

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.planning import Candidate, Terms, Verdict, judge
from customers.models import Customer
from customers.residence import has_ended, stay_ends_on
from customers.staying import note_ended_stays, work_out_stays
from risk.services import publish_default_policy, rate_waiting_customers
from tenants.models import Tenant
from tests.campaigns.acting import enter

ACTOR = Actor.system("customers")
# the last day of the stay is 20 November; at 15:00 UTC the next day begins in Japan
LAST = date(2026, 11, 20)
STILL, OVER = (datetime(2026, 11, 20, 14, 59, tzinfo=UTC) + timedelta(minutes=minute) for minute in (0, 1))


def abroad(number: int, **facts: Any) -> Customer:
    known: dict[str, Any] = {"nationality": "VN", "residence_status": "engineer", "residence_expires_on": LAST}
    days = {**known, **facts}
    ends_on = stay_ends_on(days["residence_expires_on"], days.get("residence_applied_on"))
    return enter(number, stay_ends_on=ends_on, **days)


@transaction.atomic
def anew(customer: Customer) -> Customer:
    found: Customer = Customer.objects.get(pk=customer.pk)
    return found


def rate(now: datetime) -> None:
    publish_default_policy(actor=ACTOR, now=now)
    rate_waiting_customers(now=now)


def test_whose_stay_ends_is_rated_anew_on_the_next_day_in_japan_and_told_once(in_tenant: Tenant) -> None:
    """A8: with an extension applied for in time, two months later."""
    customer, extended = abroad(1), abroad(2, residence_applied_on=date(2026, 11, 1))
    rate(STILL)
    before = anew(customer).risk_tier
    assert before != "HIGH"
    assert note_ended_stays(actor=ACTOR, now=STILL) == 0
    assert note_ended_stays(actor=ACTOR, now=OVER) == 1
    rate_waiting_customers(now=OVER)
    assert (before, anew(customer).risk_tier) == ("LOW", "MEDIUM")
    assert anew(extended).risk_tier == "LOW", "control: who applied in time may stay"
    assert note_ended_stays(actor=ACTOR, now=OVER + timedelta(days=1)) == 0, "told once"
    with transaction.atomic():
        told = AuditEvent.objects.filter(event="customer.stay_ended").values_list("target_id", flat=True)
        assert list(told) == [str(customer.pk)]
    later = datetime(2027, 1, 21, 15, tzinfo=UTC)
    assert note_ended_stays(actor=ACTOR, now=later) == 1


def test_a_new_period_on_file_ends_the_matter(in_tenant: Tenant, apply: Callable[..., None]) -> None:
    customer = abroad(1)
    rate(STILL)
    note_ended_stays(actor=ACTOR, now=OVER)
    rate_waiting_customers(now=OVER)
    apply(customer, residence_expires_on="2029-11-20")
    rate_waiting_customers(now=OVER)
    assert anew(customer).risk_tier == "LOW"


@pytest.fixture
def apply() -> Callable[..., None]:
    from customers.services import apply_facts

    def change(customer: Customer, **facts: Any) -> None:
        apply_facts(customer=customer, changes=facts, source="STAFF", actor=ACTOR, now=OVER)

    return change


@pytest.mark.parametrize(
    ("nationality", "status", "ends_on", "wanted"),
    [
        ("VN", "engineer", LAST, True),
        ("VN", "engineer", LAST + timedelta(days=1), False),
        ("VN", "engineer", None, None),
        ("", "", None, None),
        ("JP", "", LAST, False),
        ("KR", "special_permanent", LAST, False),
        ("BR", "permanent", None, False),
    ],
)
def test_whether_a_stay_is_over_is_never_guessed(
    nationality: str, status: str, ends_on: date | None, wanted: bool | None
) -> None:
    assert has_ended(LAST + timedelta(days=1), ends_on, nationality=nationality, status=status) is wanted


@pytest.mark.parametrize(
    ("ends_on", "wanted"),
    [(date(2026, 12, 31), Verdict.DUE), (date(2027, 1, 1), Verdict.NOT_DUE), (None, Verdict.NOT_DUE)],
)
def test_whose_stay_ends_before_the_day_of_the_plan_is_due(ends_on: date | None, wanted: Verdict) -> None:
    candidate = Candidate(
        customer_id=UUID(int=1),
        kind="INDIVIDUAL",
        tier="LOW",
        due_diligence="STANDARD",
        next_review_on=date(2029, 1, 1),
        channels=frozenset({"POST"}),
        stay_ends_on=ends_on,
    )
    assert judge(candidate, date(2026, 12, 31), Terms()).verdict is wanted


def test_older_books_get_the_day_worked_out_once(in_tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    customer, right = abroad(1, residence_applied_on=date(2026, 11, 1)), abroad(2)
    with transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(stay_ends_on=None, is_rating_due=False)
        Customer.objects.filter(pk=right.pk).update(is_rating_due=False)
    call_command("work_out_stays")
    assert anew(customer).stay_ends_on == date(2027, 1, 20)
    assert anew(customer).is_rating_due
    assert not anew(right).is_rating_due
    assert work_out_stays(after=UUID(int=0), limit=10) == (max(customer.pk, right.pk), 0), "idempotent"
