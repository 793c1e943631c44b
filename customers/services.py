"""Writing the customer file: changes with their history, ratings, reviews, working contacts; the doors of imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record
from customers.contacts.services import mark_contact_health
from customers.imports.running import run_import, run_waiting_imports
from customers.imports.stepping import (
    StepRefused,
    commit_import,
    confirm_layout,
    discard_import,
    read_anew,
    reopen_layout,
    undo_import,
)
from customers.imports.storing import ImportRefused, start_import
from customers.models import Customer
from customers.recording import Change, change_customers
from customers.writing import update_many

__all__ = [
    "ImportRefused",
    "RatingResult",
    "RegisterResult",
    "StepRefused",
    "apply_facts",
    "commit_import",
    "confirm_layout",
    "discard_import",
    "mark_contact_health",
    "note_register",
    "read_anew",
    "record_ratings",
    "record_review",
    "reopen_layout",
    "run_import",
    "run_waiting_imports",
    "start_import",
    "undo_import",
]


def apply_facts(
    *,
    customer: Customer,
    changes: Mapping[str, object],
    source: str,
    actor: Actor,
    now: datetime,
    reference: UUID | None = None,
) -> list[str]:
    """Write what has become known of a customer, keep what it was, and have the risk rated anew.

    A key with None erases the fact; keys that are not there stay. Returns the names of the facts that changed.
    Raises customers.parsing.Invalid for a telephone number or postal code that cannot be one.
    """
    with transaction.atomic():
        change = {customer.pk: Change(changes)}
        changed = change_customers(change, source=source, reference=reference, actor=actor, now=now)
        customer.refresh_from_db()
    return changed.get(customer.pk, [])


@dataclass(frozen=True, slots=True)
class RatingResult:
    """What rating one customer comes to for the customer file."""

    customer_id: UUID
    tier: str
    due_diligence: str
    next_review_on: date | None


def record_ratings(*, ratings: Sequence[RatingResult], now: datetime) -> None:
    """Set tier, care and next review date of many customers in one statement."""
    update_many(
        Customer,
        [rating.customer_id for rating in ratings],
        {
            "risk_tier": [rating.tier for rating in ratings],
            "due_diligence": [rating.due_diligence for rating in ratings],
            "next_review_on": [rating.next_review_on for rating in ratings],
        },
        is_rating_due=False,
        rated_at=now,
        updated_at=now,
    )


@dataclass(frozen=True, slots=True)
class RegisterResult:
    """What the register of companies says of one customer: its status there, and whether the file says otherwise."""

    customer_id: UUID
    status: str
    differs: bool | None


def note_register(*, results: Sequence[RegisterResult], now: datetime) -> None:
    """Keep what the register says where risk rules read it, and have these customers rated anew; one statement."""
    update_many(
        Customer,
        [result.customer_id for result in results],
        {
            "register_status": [result.status for result in results],
            "register_differs": [result.differs for result in results],
        },
        is_rating_due=True,
        updated_at=now,
    )


def record_review(*, customer_id: UUID, reviewed_on: date, actor: Actor, now: datetime) -> None:
    """The customer's data were confirmed on a day; the next review date follows with the next rating."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer_id)
        customer.last_reviewed_on = reviewed_on
        customer.is_rating_due = True
        customer.save(update_fields=["last_reviewed_on", "is_rating_due", "updated_at"])
        record("customer.reviewed", target=customer, actor=actor, at=now, reviewed_on=reviewed_on.isoformat())
