"""Shredding a person: their key is destroyed, and with it everything it sealed, in every copy there is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from audit.models import AuditEvent
from audit.services import Actor, record_ids
from tenants.custody import store
from tenants.custody.models import PersonKey
from tenants.keys.persons import forget_person
from tenants.scoping import required_tenant_id


def shred_person(person_id: UUID, *, actor: Actor, now: datetime) -> bool:
    """As `shred_persons`, for one. False if it was done before."""
    return shred_persons([person_id], actor=actor, now=now) == 1


def shred_persons(person_ids: Sequence[UUID], *, actor: Actor, now: datetime) -> int:
    """Destroy the keys of customers of the tenant in scope, and record the acts. Returns how many were new.

    The two databases cannot commit together. The keys go first, at once, and the acts belong to the open transaction
    (or one of their own): should that fail, run it again, and the acts are recorded then. Other processes may hold the
    opened keys for `persons.HOLD` seconds. Blind indexes, which a key does not seal, are the caller's to null.
    Raises KeysUnavailable, in which case nothing was done.
    """
    new = store.destroy_keys(person_ids, at=now)
    for person_id in person_ids:
        forget_person(person_id.bytes)
    with transaction.atomic():
        recorded = _recorded_among(set(person_ids) - new)
        record_ids(
            "personkey.shredded",
            model=PersonKey,
            tenant_id=required_tenant_id(),
            ids=[person_id for person_id in person_ids if person_id not in recorded],
            actor=actor,
            at=now,
        )
    return len(new)


def shredded_but_alive() -> list[UUID]:
    """Persons of the tenant in scope whom the trail says were shredded and who have a key all the same.

    So it is after the keys' database was restored from an older back-up: shred them again.
    """
    with transaction.atomic():
        recorded = [UUID(target) for target in _acts().values_list("target_id", flat=True).distinct()]
    return store.alive_among(recorded)


def _recorded_among(person_ids: Collection[UUID]) -> set[UUID]:
    acts = _acts().filter(target_id__in=[str(person_id) for person_id in person_ids])
    return {UUID(target) for target in acts.values_list("target_id", flat=True)}


def _acts() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(
        tenant_id=required_tenant_id(), event="personkey.shredded", target_type=PersonKey._meta.label_lower
    )
