"""The demonstration's own proof, when Tokyo's midnight falls between the beginning of the story and a decision."""

from __future__ import annotations

from datetime import UTC, date, datetime

from audit.services import Actor
from cdd.demo.evidence import Evidence
from reviews.services import approve_decision
from tenants.models import Tenant, User
from tests.campaigns.acting import answer, enter, notified
from tests.reviews.acting import MOVED, case_of, decided, fresh
from tests.reviews.conftest import bank

__all__ = ["bank"]

AFTER_MIDNIGHT = datetime(2026, 11, 24, 15, 1, tzinfo=UTC)


def test_a_case_closed_after_midnight_is_proved_by_its_own_day(bank: Tenant, officer: User, approver: User) -> None:
    """The story began on the 24th in Japan, and is nowhere asked for that day."""
    customer = enter(1)
    notified(officer, approver)
    answer(customer, **MOVED)
    decision = decided(customer, officer)
    approve_decision(decision=decision, actor=Actor.user(approver.pk), now=AFTER_MIDNIGHT)
    assert fresh(customer).last_reviewed_on == date(2026, 11, 25)
    assert Evidence(bank.pk).check_closed_case(case_of(customer).pk) == 2
