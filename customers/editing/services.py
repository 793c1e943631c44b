"""Writing what an officer edits, unless somebody else was quicker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.services import Actor
from customers.editing.rules import BY_HAND, differing, editable_facts
from customers.models import AttributeChange, Customer
from customers.recording import Change, change_customers
from customers.selectors import ERASED, facts_of


class ChangedMeanwhile(Exception):
    """Somebody else changed facts since they were shown; nothing was written."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = list(keys)


class NotEditable(Exception):
    """The customer's data were destroyed, or the customer is no longer one of the book."""


def editable_of(customer: Customer) -> dict[str, Any]:
    """What the file says of everything that may be edited; None is not known.

    Raises:
        NotEditable: nothing of the customer may be edited any more.
    """
    facts = facts_of(customer)
    if facts.get(ERASED) or customer.status not in (Customer.Status.ACTIVE, Customer.Status.CLOSED):
        raise NotEditable
    beside = {key: getattr(customer, key) or None for key in BY_HAND}
    return {fact.key: facts.get(fact.key) for fact in editable_facts(customer.kind)} | beside


def edit_customer(
    *,
    customer_id: UUID,
    shown: Mapping[str, Any],
    wanted: Mapping[str, Any],
    reason: str,
    matter: str = "",
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Write ``wanted`` of a customer whose facts were ``shown``; returns the names of what changed.

    ``matter`` is the bank's own number of the request or paper behind it, never a name.

    Raises:
        ChangedMeanwhile: a fact is no longer what was shown, whether or not it is among those wanted.
        NotEditable: nothing of the customer may be edited any more.
        customers.parsing.Invalid: a telephone number or postal code that cannot be one.
    """
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=customer_id)
        current = editable_of(customer)
        # What is already as wanted is nobody's loss: the same page sent twice, or the same news told twice.
        if moved := [key for key in differing(shown, current) if key not in wanted or current[key] != wanted[key]]:
            raise ChangedMeanwhile(moved)
        change = Change(
            facts={key: value for key, value in wanted.items() if key not in BY_HAND},
            columns={key: value or "" for key, value in wanted.items() if key in BY_HAND},
            reason=reason,
            matter=matter,
        )
        source = AttributeChange.Source.STAFF
        changed = change_customers({customer.pk: change}, source=source, actor=actor, now=now)
    return changed[customer_id]
