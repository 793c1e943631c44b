"""Destroying values of an institution's own attributes wherever the file remembers them; that it happened stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from audit.services import Actor, record_ids
from customers.merging.models import CustomerMerge
from customers.models import AttributeChange, Customer, ImportChange
from customers.writing import update_many
from tenants.keys import person_ciphers
from tenants.scoping import required_tenant_id

# Keys of facts by customer.
type Keys = Mapping[UUID, Collection[str]]

_forgetters: list[Callable[[Keys], None]] = []


def register_forgetter(forget: Callable[[Keys], None]) -> None:
    """Have a room above destroy the copies it keeps of values."""
    _forgetters.append(forget)


@transaction.atomic
def forget_values(keys: Keys, *, actor: Actor, now: datetime) -> None:
    """Take values out of the file, its history, imports that may be taken back, merges, and the rooms above.

    In their place the history says that a rule destroyed them. The risk of the customers is rated anew.
    """
    customers = list(Customer.objects.select_for_update().filter(pk__in=list(keys)).order_by("pk"))
    if not customers:
        return
    person_ciphers([customer.pk.bytes for customer in customers])
    profile = Customer._meta.get_field("profile")
    kept: dict[str, list[Any]] = {"profile": [], "attributes": []}
    for customer in customers:
        gone = keys[customer.pk]
        kept["profile"].append(profile.value_for(customer, _without(customer.profile, gone)))
        kept["attributes"].append(_without(customer.attributes, gone))
    update_many(Customer, [customer.pk for customer in customers], kept, is_rating_due=True, updated_at=now)
    _forget_in_history(keys, actor=actor, now=now)
    _forget_in_imports(keys)
    _forget_in_merges(keys)
    for forget in _forgetters:
        forget(keys)
    _record(keys, actor=actor, now=now)


def _forget_in_history(keys: Keys, *, actor: Actor, now: datetime) -> None:
    for key, ids in _customers_by(keys).items():
        AttributeChange.objects.filter(customer__in=ids, attribute=key).delete()
    source, who = AttributeChange.Source.RULE, str(actor)
    AttributeChange.objects.bulk_create(
        AttributeChange(customer_id=pk, attribute=key, source=source, actor=who, at=now)
        for pk, gone in keys.items()
        for key in gone
    )


def _forget_in_imports(keys: Keys) -> None:
    for change in ImportChange.objects.filter(customer__in=list(keys)):
        gone = keys[change.customer_id]
        if not set(gone).isdisjoint(change.attributes):
            change.attributes = [key for key in change.attributes if key not in gone]
            change.before, change.after = _without(change.before, gone), _without(change.after, gone)
            change.save(update_fields=["attributes", "before", "after"])


def _forget_in_merges(keys: Keys) -> None:
    """What a merge gave the survivor came from either of the two."""
    ids = list(keys)
    for merge in CustomerMerge.objects.filter(Q(survivor__in=ids) | Q(merged__in=ids), before__isnull=False):
        gone = {key for pk in (merge.survivor_id, merge.merged_id) for key in keys.get(pk, ())}
        if not gone.isdisjoint((*merge.before, *(merge.after or ()))):
            merge.before, merge.after = _without(merge.before, gone), _without(merge.after or {}, gone)
            merge.save(update_fields=["before", "after"])


def _record(keys: Keys, *, actor: Actor, now: datetime) -> None:
    alike: dict[tuple[str, ...], list[UUID]] = defaultdict(list)
    for pk, gone in keys.items():
        alike[tuple(sorted(gone))].append(pk)
    for facts, ids in alike.items():
        record_ids(
            "customer.values_destroyed",
            model=Customer,
            tenant_id=required_tenant_id(),
            ids=ids,
            actor=actor,
            at=now,
            facts=list(facts),
        )


def _customers_by(keys: Keys) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    for pk, gone in keys.items():
        for key in gone:
            found[key].append(pk)
    return found


def _without(values: Mapping[str, Any], gone: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in gone}
