"""What outsiders tell a tenant, kept raw before anything is believed: the base of webhook inboxes."""

from __future__ import annotations

from django.db import models

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
