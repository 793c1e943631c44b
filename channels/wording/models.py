"""Sending texts as tests: who may receive them, and what became of each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from channels.kinds import ChannelKind
from tenants.fields import EncryptedTextField
from tenants.models import TenantModel


class Guest(TenantModel):
    """Somebody who agreed to receive tests at one address; never a customer's. Deleted when they want no more."""

    channel = models.CharField(max_length=8, choices=ChannelKind)
    name = EncryptedTextField()
    # LINE: user id; SMS: E.164; EMAIL: address
    address = EncryptedTextField()
    address_index = models.BinaryField(max_length=16)
    added_by = models.BigIntegerField()
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "channel", "address_index"], name="guest_once")]

    def __str__(self) -> str:
        return f"guest {self.pk}"


class Trial(Stateful, TenantModel):
    """A text that was sent as a test. Its id is the message's; it belongs to no customer, campaign or budget."""

    class Status(models.TextChoices):
        UNKNOWN = "UNKNOWN", _("Outcome unknown")
        ACCEPTED = "ACCEPTED", _("Accepted by the provider")
        DELIVERED = "DELIVERED", _("Delivered")
        FAILED = "FAILED", _("Failed")

    # Unknown until the provider has answered, so that a process that dies leaves nothing that is not true.
    TRANSITIONS = {
        Status.UNKNOWN: {Status.ACCEPTED, Status.DELIVERED, Status.FAILED},
        Status.ACCEPTED: {Status.DELIVERED, Status.FAILED},
    }

    # which text: its place, its version (0 comes with the product) and the digest of what it said
    channel = models.CharField(max_length=8, choices=ChannelKind)
    purpose = models.CharField(max_length=10)
    language = models.CharField(max_length=2)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    # to whom: a guest, or else a member of staff
    guest_reference = models.UUIDField(null=True, blank=True)
    staff_reference = models.BigIntegerField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.UNKNOWN)
    failure_kind = models.CharField(max_length=16, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    sent_by = models.BigIntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "sent_at"], name="trial_by_time")]

    def __str__(self) -> str:
        return f"{self.channel} trial {self.pk}"
