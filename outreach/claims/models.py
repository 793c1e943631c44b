"""What somebody says of a customer's circumstances, until a member of staff has looked into it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class Claim(Stateful, TenantModel):
    """Told by whoever held a customer's link; nothing of the customer changes before staff confirm it."""

    class Kind(models.TextChoices):
        DECEASED = "DECEASED", _("The customer has died")
        GUARDIAN = "GUARDIAN", _("A guardian acts for the customer")
        HELPER = "HELPER", _("Somebody helps the customer, or the customer cannot answer")
        REFUSAL = "REFUSAL", _("The customer does not wish to answer")
        NOT_MINE = "NOT_MINE", _("The notice reached somebody else")

    class Status(models.TextChoices):
        OPEN = "OPEN", pgettext_lazy("claim", "To be looked into")
        CONFIRMED = "CONFIRMED", pgettext_lazy("claim", "Confirmed")
        DISMISSED = "DISMISSED", pgettext_lazy("claim", "Not confirmed")

    TRANSITIONS: ClassVar = {Status.OPEN: {Status.CONFIRMED, Status.DISMISSED}}

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    # comes with the form: sent twice, it is one claim
    token = models.UUIDField()
    number = models.CharField(max_length=8)
    reference = models.UUIDField()
    link_reference = models.UUIDField()
    is_proved = models.BooleanField(default=False)
    language = models.CharField(max_length=8, default="ja")
    kind = models.CharField(max_length=8, choices=Kind)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    # name, telephone, when to call, words of their own: of whoever told it, so sealed for the customer it is about
    details = EncryptedJSONField(person="customer_id", default=dict)
    # until when nobody is reminded or called because of it, whatever becomes of it
    quiet_until = models.DateTimeField()
    due_on = models.DateField()
    told_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    finding = EncryptedTextField(person="customer_id", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token"], name="claim_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="claim_number"),
            models.CheckConstraint(
                condition=models.Q(status="OPEN", decided_at__isnull=True)
                | ~models.Q(status="OPEN") & models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="claim_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "due_on", "id"], name="claim_queue"),
            models.Index(fields=["tenant", "customer"], name="claim_by_customer"),
            models.Index(fields=["tenant", "link_reference", "told_at"], name="claim_by_link"),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches; of contractors none."""
        return models.Q(customer__branch_code__in=reach.branches)
