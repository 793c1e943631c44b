"""The end of a contract, and its taking back: from that day on the duty to keep the file is counted."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor
from audit.transitions import transition
from customers.models import Customer
from retention.expiring import day_in_japan


class ClosingRefused(Exception):
    """The contract cannot have ended so; its text is a sentence for the person who entered it."""


def note_end(*, customer: Customer, closed_on: date | None, actor: Actor, now: datetime) -> None:
    """Note, correct or take back the end of a contract.

    Raises:
        ClosingRefused: the day is still to come, or before the contract began, or the customer is part of another.
    """
    if closed_on is not None:
        close_customer(customer=customer, closed_on=closed_on, actor=actor, now=now)
    elif customer.status == Customer.Status.CLOSED:
        reopen_customer(customer=customer, actor=actor, now=now)


def close_customer(*, customer: Customer, closed_on: date, actor: Actor, now: datetime) -> None:
    """Note the day the contract ended, a day in Japan; noted again, the day is corrected.

    Raises:
        ClosingRefused: the day is still to come, or before the contract began, or the customer is part of another.
    """
    if customer.status == Customer.Status.MERGED:
        raise ClosingRefused(_("This customer is part of another. Note the end of the contract with that one."))
    if closed_on > day_in_japan(now):
        raise ClosingRefused(_("Enter a day that is not in the future."))
    if customer.opened_on and closed_on < customer.opened_on:
        raise ClosingRefused(_("Enter a day that is not before the contract began."))
    with transaction.atomic():
        if customer.status == Customer.Status.CLOSED:
            reopen_customer(customer=customer, actor=actor, now=now)
        transition(customer, Customer.Status.CLOSED, actor=actor, at=now, closed_on=closed_on, updated_at=now)


def reopen_customer(*, customer: Customer, actor: Actor, now: datetime) -> None:
    """The contract goes on after all; nothing is counted any more."""
    transition(customer, Customer.Status.ACTIVE, actor=actor, at=now, closed_on=None)
