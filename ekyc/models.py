"""Identity verifications, and what their providers told us."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.inbox import InboxEvent
from tenants.models import TenantForeignKey, TenantModel


class EkycAccount(TenantModel):
    """A tenant's account with an eKYC provider."""

    provider = models.CharField(max_length=24)
    public_id = models.CharField(max_length=32)
    credentials = EncryptedJSONField()
    options = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "provider"], name="ekyc_account_of_provider"),
            models.UniqueConstraint(fields=["tenant", "public_id"], name="ekyc_public_id"),
        ]
        indexes = [models.Index(fields=["public_id"], name="ekyc_by_public_id")]

    def __str__(self) -> str:
        return f"{self.provider} account {self.pk}"


class Verification(Stateful, TenantModel):
    """One identity verification of one customer, by one method."""

    class Status(models.TextChoices):
        CREATED = "CREATED", _("Created")
        OPENED = "OPENED", _("Begun")
        SUBMITTED = "SUBMITTED", _("Being checked")
        APPROVED = "APPROVED", _("Verified")
        REJECTED = "REJECTED", _("Not verified")
        EXPIRED = "EXPIRED", _("Expired")
        CANCELLED = "CANCELLED", _("Cancelled")
        REVOKED = "REVOKED", _("Revoked")

    # A provider may tell the result first and the steps later, and may revoke what it approved.
    TRANSITIONS = {
        Status.CREATED: {
            Status.OPENED,
            Status.SUBMITTED,
            Status.APPROVED,
            Status.REJECTED,
            Status.EXPIRED,
            Status.CANCELLED,
        },
        Status.OPENED: {
            Status.SUBMITTED,
            Status.APPROVED,
            Status.REJECTED,
            Status.EXPIRED,
            Status.CANCELLED,
        },
        Status.SUBMITTED: {Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.CANCELLED},
        Status.APPROVED: {Status.REVOKED},
    }

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    account = TenantForeignKey(EkycAccount, on_delete=models.PROTECT, related_name="+")
    reference = models.UUIDField()
    attempt = models.PositiveSmallIntegerField(default=1)
    method_code = models.CharField(max_length=24)
    regulation_revision = models.CharField(max_length=48)
    status = models.CharField(max_length=10, choices=Status, default=Status.CREATED)
    provider_reference = models.CharField(max_length=80, blank=True)
    hosted_url = EncryptedTextField(person="customer_id", null=True)
    reason_codes = models.JSONField(default=list)
    result = EncryptedJSONField(person="customer_id", null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "reference", "attempt"], name="verification_attempt")]

    def __str__(self) -> str:
        return f"verification {self.pk}"


class EkycEvent(InboxEvent):
    """What an eKYC provider told us."""

    account = TenantForeignKey(EkycAccount, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "provider", "event_id"], name="ekyc_event_once")]
        indexes = [
            models.Index(
                fields=["tenant", "received_at"],
                name="ekyc_events_waiting",
                condition=models.Q(processed_at__isnull=True),
            )
        ]
