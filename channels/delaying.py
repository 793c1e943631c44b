"""Letting what waits for a customer wait longer, until somebody has looked into what was told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record_many
from channels.models import DeliveryAttempt


@transaction.atomic
def delay_queued(*, customer_id: UUID, until: datetime, actor: Actor, now: datetime) -> int:
    """Nothing that waits for the customer leaves before ``until``; returns how many messages that is."""
    rows = DeliveryAttempt.objects.filter(
        notice__customer=customer_id, status=DeliveryAttempt.Status.QUEUED, not_before__lt=until
    )
    return _move(list(rows.select_for_update(of=("self",)).order_by("pk")), until, "delayed", actor, now)


@transaction.atomic
def end_delay(*, customer_id: UUID, until: datetime, actor: Actor, now: datetime) -> int:
    """What waits only because of a delay until that moment may leave now."""
    rows = DeliveryAttempt.objects.filter(
        notice__customer=customer_id, status=DeliveryAttempt.Status.QUEUED, not_before=until
    )
    return _move(list(rows.select_for_update(of=("self",)).order_by("pk")), now, "released", actor, now)


def _move(rows: Sequence[DeliveryAttempt], to: datetime, event: str, actor: Actor, now: datetime) -> int:
    DeliveryAttempt.objects.filter(pk__in=[row.pk for row in rows]).update(not_before=to)
    record_many(f"deliveryattempt.{event}", targets=rows, actor=actor, at=now)
    return len(rows)
