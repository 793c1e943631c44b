"""Writing down whether contact points work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest

from customers.models import ContactPoint


def mark_contact_health(*, contact_ids: Sequence[UUID], health: str, reason: str, now: datetime) -> None:
    """Remember that contact points worked, or that they didn't, at ``now``; ``reason`` is at most 40 characters.

    News that comes late moves the last success or failure, never the health that something newer gave.
    """
    moment = "last_success_at" if health == ContactPoint.Health.VERIFIED else "last_failure_at"
    is_newest = Q(health_at__isnull=True) | Q(health_at__lte=now)
    newest = {"health": health, "health_reason": reason[:40], "health_at": now}
    with transaction.atomic():
        points = ContactPoint.objects.filter(pk__in=list(contact_ids))
        points.exclude(**newest, **{moment: now}).update(
            **{name: Case(When(is_newest, then=Value(value)), default=F(name)) for name, value in newest.items()},
            **{moment: Greatest(moment, Value(now))},
        )
