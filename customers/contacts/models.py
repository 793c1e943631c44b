"""Where a customer can be reached, and what became of the last tries."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.contacts.health import Health as HealthCode
from tenants.fields import EncryptedJSONField
from tenants.models import TenantForeignKey, TenantModel, tenant_of_many


class ContactPoint(TenantModel):
    """One address on one channel, and whether it works."""

    class Channel(models.TextChoices):
        LINE = "LINE", _("LINE")
        PHONE = "PHONE", _("Telephone")
        EMAIL = "EMAIL", _("E-mail")
        POST = "POST", _("Post")

    class Health(models.TextChoices):
        UNKNOWN = HealthCode.UNKNOWN, _("Not tried")
        VERIFIED = HealthCode.VERIFIED, pgettext_lazy("contact point", "Verified")
        BOUNCED = HealthCode.BOUNCED, pgettext_lazy("contact point", "Bounced")
        RETURNED = HealthCode.RETURNED, pgettext_lazy("contact point", "Returned")
        BLOCKED = HealthCode.BLOCKED, pgettext_lazy("contact point", "Blocked")

    # The customer's key vouches for the tenant, and `contact_by_customer` finds both.
    tenant = tenant_of_many(db_constraint=False)
    customer = TenantForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="contact_points", db_index=False
    )
    channel = models.CharField(max_length=8, choices=Channel)
    # LINE: user id; PHONE: E.164; EMAIL: address; POST: {"postal_code": 7 digits, "address": text}
    value = EncryptedJSONField(person="customer_id")
    value_index = models.BinaryField(max_length=16)
    health = models.CharField(max_length=12, choices=Health, default=Health.UNKNOWN)
    # a provider's own code, or how a person was reached or missed (customers.contacts.health); no personal data
    health_reason = models.CharField(max_length=40, blank=True, default="")
    health_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)
    is_current = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "channel"],
                condition=models.Q(is_current=True),
                name="current_contact_point",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "value_index"], name="contact_by_value"),
            models.Index(fields=["tenant", "customer"], name="contact_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} of customer {self.customer_id}"
