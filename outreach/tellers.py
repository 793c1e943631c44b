"""Who writes to us from the customer's pages, what it is called, and how often they may."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Model, QuerySet

from audit.services import Actor
from customers.models import Customer
from questionnaires.models import AccessLink
from tenants.check_digits import check_digit

MOST_AN_HOUR, MOST_A_DAY = 3, 10


class TooMany(Exception):
    """So many of these came through one link that no more are taken for a while."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Somebody who holds a customer's link; only ``is_proved`` says that it is the customer."""

    customer: Customer
    link_id: UUID
    reference: UUID
    language: str
    is_proved: bool

    @property
    def actor(self) -> Actor:
        """As the trail names them: nobody is named who did not prove who they are."""
        return Actor.customer(self.customer.pk) if self.is_proved else Actor.system("portal")


def check_pace(teller: Teller, rows: QuerySet[Model], *, now: datetime) -> None:
    """Let no link bring more of ``rows`` than a person would; one at a time, in the transaction that is open.

    Raises:
        TooMany
    """
    AccessLink.objects.select_for_update(of=("self",), no_key=True).get(pk=teller.link_id)
    told = rows.filter(link_reference=teller.link_id)
    for most, since in ((MOST_AN_HOUR, timedelta(hours=1)), (MOST_A_DAY, timedelta(days=1))):
        if told.filter(told_at__gt=now - since).count() >= most:
            raise TooMany


def new_number(rows: QuerySet[Model]) -> str:
    """Eight digits, the last a check digit, that none of ``rows`` has: to be read out, not a key to anything."""
    while True:
        digits = f"{secrets.randbelow(10**7):07d}"
        number = digits + check_digit(digits)
        if not rows.filter(number=number).exists():
            return number


def written(number: str) -> str:
    """As customers read it: two groups of four."""
    return f"{number[:4]}-{number[4:]}"
