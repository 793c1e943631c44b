"""What outsiders tell a tenant, kept raw before anything is believed: the base of webhook inboxes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import models, transaction

from tenants.fields import EncryptedBinaryField
from tenants.models import TenantModel


class InboxEvent(TenantModel):
    """One verified call from a provider. A repeated ``event_id`` is not stored twice."""

    provider = models.CharField(max_length=24)
    event_id = models.CharField(max_length=120)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=120, blank=True)
    body = EncryptedBinaryField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.provider} event {self.event_id}"


def work_through[E: InboxEvent](model: type[E], act: Callable[[E, datetime], str], *, now: datetime, limit: int) -> int:
    """Act on events that wait, oldest first, and keep what ``act`` said was wrong with each, if anything.

    Events that another worker holds are passed over. Returns how many were acted on.
    """
    with transaction.atomic():
        waiting = model.objects.filter(processed_at__isnull=True).order_by("received_at", "id")
        events = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("account")[:limit])
        for event in events:
            event.error = act(event, now)
            event.processed_at = now
        model.objects.bulk_update(events, ["error", "processed_at"])
    return len(events)
