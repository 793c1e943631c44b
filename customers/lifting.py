"""What an older release sealed with the profile and this one keeps in a column of its own is moved there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import transaction

from customers.models import Customer
from customers.writing import update_many
from tenants.keys import PersonShredded, person_ciphers

_BATCH = 2_000
_KEY = "department"


@transaction.atomic
def lift_departments(*, after: UUID, limit: int = _BATCH) -> tuple[UUID | None, int]:
    """Move the department in charge of the next customers, in the order of their ids. It is no change of the file.

    Returns the last id looked at, None at the end, and how many were moved.
    """
    rows = Customer.objects.select_for_update().filter(pk__gt=after, department="").order_by("pk")
    customers = list(rows.only("profile", "department", "tenant")[:limit])
    with suppress(PersonShredded):  # their keys at once; who has none is opened alone, and has nothing
        person_ciphers([customer.pk.bytes for customer in customers])
    field = Customer._meta.get_field("profile")
    columns: dict[str, list[Any]] = {_KEY: [], "profile": []}
    lifted: list[UUID] = []
    for customer in customers:
        with suppress(PersonShredded):
            if name := customer.profile.get(_KEY):
                lifted.append(customer.pk)
                columns[_KEY].append(name)
                kept = {key: value for key, value in customer.profile.items() if key != _KEY}
                columns["profile"].append(field.value_for(customer, kept))
    update_many(Customer, lifted, columns)
    return (customers[-1].pk if customers else None), len(lifted)
