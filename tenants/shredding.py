"""Shredding a person: their key is destroyed, and with it everything it sealed, in every copy there is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record_ids
from tenants.custody import store
from tenants.custody.models import PersonKey
from tenants.keys.persons import forget_person
from tenants.scoping import required_tenant_id


def shred_person(person_id: UUID, *, actor: Actor, now: datetime) -> bool:
    """Destroy the key of a customer of the tenant in scope, and record the act. False if it was done before.

    The two databases cannot commit together. The key goes first, at once, and the act belongs to the open transaction
    (or one of its own): should that fail, run it again, and the act is recorded then. Other processes may hold the
    opened key for `persons.HOLD` seconds. Blind indexes, which a key does not seal, are the caller's to null.
    Raises KeysUnavailable, in which case nothing was done.
    """
    is_new = store.destroy_key(person_id, at=now)
    forget_person(person_id.bytes)
    with transaction.atomic():
        if is_new or not _is_recorded(person_id):
            record_ids(
                "personkey.shredded",
                model=PersonKey,
                tenant_id=required_tenant_id(),
                ids=[person_id],
                actor=actor,
                at=now,
            )
    return is_new


def shredded_but_alive() -> list[UUID]:
    """Persons of the tenant in scope whom the trail says were shredded and who have a key all the same.

    So it is after the keys' database was restored from an older back-up: shred them again.
    """
    from audit.models import AuditEvent

    with transaction.atomic():
        events = AuditEvent.objects.filter(
            tenant_id=required_tenant_id(), event="personkey.shredded", target_type=PersonKey._meta.label_lower
        )
        recorded = [UUID(target) for target in events.values_list("target_id", flat=True).distinct()]
    return store.alive_among(recorded)


def _is_recorded(person_id: UUID) -> bool:
    from audit.models import AuditEvent

    return AuditEvent.objects.filter(
        tenant_id=required_tenant_id(),
        event="personkey.shredded",
        target_type=PersonKey._meta.label_lower,
        target_id=str(person_id),
    ).exists()
