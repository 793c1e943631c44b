"""From a customer who was merged to the one who goes on, and back: one query for each step of the chain."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from customers.models import Customer


class CustomerMerged(Exception):
    """What was to be written is about a customer who is part of another; ``args[0]`` is whose."""


def lock_own(customer_id: UUID) -> Customer:
    """The customer, locked before something of them is written.

    Raises:
        CustomerMerged: they are part of another customer by now.
    """
    customer: Customer = Customer.objects.select_for_update(of=("self",)).get(pk=customer_id)
    if customer.status == Customer.Status.MERGED:
        raise CustomerMerged([customer_id])
    return customer


def survivors_of(ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who goes on in the place of each customer; a customer who was not merged goes on alone."""
    found = {pk: pk for pk in ids}
    ahead = set(found)
    merged = Customer.objects.filter(status=Customer.Status.MERGED)
    while steps := dict(merged.filter(pk__in=ahead).values_list("pk", "merged_into")):
        found = {pk: steps.get(now, now) for pk, now in found.items()}
        ahead = set(steps.values())
    return found


def whole_of(ids: Iterable[UUID]) -> list[UUID]:
    """The customers and everybody who was merged into them, in one step or several."""
    whole = list(dict.fromkeys(ids))
    ahead = whole
    while ahead := list(
        Customer.objects.filter(merged_into__in=ahead, status=Customer.Status.MERGED).values_list("pk", flat=True)
    ):
        whole += ahead
    return whole
