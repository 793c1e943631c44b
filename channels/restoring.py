"""Noticing that the database is older than the last message that left, and sending nothing until a person has looked.

After each claim the workers keep in Valkey, outside the database, which attempt was claimed and when. A database that
was restored to before that moment has no record of it, and would send again what has been sent.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Greatest
from redis.exceptions import RedisError

from audit.models import AuditEvent
from audit.transitions import event_name, transition_many
from channels.gates import pause_tenant
from channels.models import DeliveryAttempt
from channels.rates import valkey
from channels.settling import PUSH, SYSTEM, move, unknown
from tenants.models import tenant_in_scope

log = logging.getLogger(__name__)
Status = DeliveryAttempt.Status
RESTORED = "restored"
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A claim that was made: which attempt, and the moment in its record."""

    attempt_id: UUID
    at: datetime


def keep_mark(attempt_id: UUID, *, at: datetime) -> None:
    """Remember outside the database that the attempt was claimed. Call it before anything is handed over."""
    said = json.dumps({"attempt": str(attempt_id), "at": at.isoformat()})
    with transaction.atomic():
        key = _key()
    try:
        valkey().set(key, said)
    except RedisError as error:
        log.error(
            "Valkey did not keep the last claim (%s); a restored database may go unnoticed.", type(error).__name__
        )


def is_whole(*, now: datetime) -> bool:
    """Whether the database remembers the last claim. If not, all sending is stopped and nothing unclear is repeated.

    Without a mark, or without Valkey, nothing can be said against it.
    """
    with transaction.atomic():
        mark = _mark()
        if mark is None or _is_remembered(mark):
            return True
        log.error("The database is older than the last message sent: all sending is stopped.")
        pause_tenant(reason=RESTORED, actor=SYSTEM, now=now)
        doubt_what_was_due(until=mark.at, now=now)
    _forget()
    return False


@transaction.atomic
def doubt_what_was_due(*, until: datetime, now: datetime) -> None:
    """What waits, but was due by ``until``, may have been sent: the providers are asked before it leaves again.

    A push waits on, because LINE knows its key and answers a repeat for a day; older ones fail in the next sweep.
    """
    due = DeliveryAttempt.objects.filter(status=Status.QUEUED, not_before__lte=until)
    due.filter(method=PUSH).update(
        first_tried_at=Coalesce("first_tried_at", "not_before"), tries=Greatest(F("tries"), 1)
    )
    doubted = due.exclude(method=PUSH)
    while ids := _some(doubted):
        moved = transition_many(
            DeliveryAttempt,
            ids,
            was=Status.QUEUED,
            to=Status.SENDING,
            actor=SYSTEM,
            at=now,
            first_tried_at=Coalesce("first_tried_at", "not_before"),
        )
        move({pk: unknown(now) for pk in moved}, was=Status.SENDING, actor=SYSTEM, now=now)


def _some(attempts: QuerySet[DeliveryAttempt]) -> list[UUID]:
    return list(attempts.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _is_remembered(mark: Mark) -> bool:
    claimed = event_name(DeliveryAttempt, Status.SENDING)
    rows = AuditEvent.objects.filter(tenant_id=tenant_in_scope().pk, target_id=str(mark.attempt_id), at=mark.at)
    return rows.filter(event=claimed).exists()


def _mark() -> Mark | None:
    try:
        kept = cast(Any, valkey().get(_key()))
    except RedisError:
        return None
    if kept is None:
        return None
    said = json.loads(kept)
    return Mark(UUID(said["attempt"]), datetime.fromisoformat(said["at"]))


def _forget() -> None:
    """Once everything is held the mark has done its work; the next claim leaves another."""
    with transaction.atomic():
        key = _key()
    try:
        valkey().delete(key)
    except RedisError as error:
        log.error("Valkey did not forget the last claim (%s); sending will be stopped again.", type(error).__name__)


def _key() -> str:
    """A tenant's own, and a restored tenant's too; another tenant that once has the same number has another."""
    tenant = tenant_in_scope()
    return f"keizoku:claimed:{tenant.pk}:{tenant.created_at.isoformat()}"
