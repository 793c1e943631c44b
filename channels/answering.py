"""What an answer says of the addresses that the notices went to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from channels.models import DeliveryAttempt
from customers.contacts.health import Health, Reason
from customers.services import mark_contact_health


def note_answered(*, reference: UUID, channels: Collection[str], now: datetime) -> None:
    """The customer answered through links that went out by these channels: the notices arrived, letters too."""
    attempts = DeliveryAttempt.objects.filter(
        notice__reference=reference, channel__in=list(channels), contact_point__isnull=False
    )
    ids = list(attempts.values_list("contact_point_id", flat=True).distinct())
    mark_contact_health(contact_ids=ids, health=Health.VERIFIED, reason=Reason.ANSWERED, now=now)
