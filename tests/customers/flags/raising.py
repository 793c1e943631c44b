"""Flags for tests: put on and lifted by people who may."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from audit.models import AuditEvent
from audit.services import Actor
from customers.flags.models import CustomerFlag, FlagLifting
from customers.flags.services import approve_lifting, lift_flag, raise_flag
from customers.models import Customer
from tenants.models import User
from tests.conftest import NOW

WHY = "The daughter called, death certificate shown at the branch"


def flag(
    customer: Customer,
    kind: str,
    by: User,
    *,
    until_on: date | None = None,
    reason: str = WHY,
    from_on: date = date(2026, 11, 20),
    now: datetime = NOW,
) -> CustomerFlag:
    """Put a flag on a customer."""
    return raise_flag(
        customer=customer,
        kind=kind,
        reason=reason,
        from_on=from_on,
        until_on=until_on,
        actor=Actor.user(by.pk),
        now=now,
    )


def lift(raised: CustomerFlag, by: User, approver: User) -> None:
    """Two people lift it."""
    lifting = lift_flag(flag=raised, reason="It was somebody else", actor=Actor.user(by.pk), now=NOW)
    if lifting:
        approve_lifting(lifting=lifting, actor=Actor.user(approver.pk), now=NOW)


@transaction.atomic
def as_it_is(row: CustomerFlag) -> CustomerFlag:
    """The flag as the database has it."""
    found: CustomerFlag = CustomerFlag.objects.get(pk=row.pk)
    return found


@transaction.atomic
def events_of(row: CustomerFlag | FlagLifting) -> list[str]:
    """The acts on record about a row, in their order."""
    rows = AuditEvent.objects.filter(target_id=str(row.pk), kind="ACT").order_by("id")
    return list(rows.values_list("event", flat=True))
