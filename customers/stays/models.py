"""A stay that has ended, waiting for an officer."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class EndedStay(Stateful, TenantModel):
    """That the stay of a customer ended on a day, until a person has decided what follows or the file has another day.

    Once for each day: a period that is corrected and ends again is another one.
    """

    class Status(models.TextChoices):
        OPEN = "OPEN", _("To be looked at")
        DEALT_WITH = "DEALT_WITH", _("Dealt with")
        SETTLED = "SETTLED", _("Settled by the file")

    TRANSITIONS = {Status.OPEN: {Status.DEALT_WITH, Status.SETTLED}}

    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    # the last day of the stay
    ended_on = models.DateField()
    found_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    note = EncryptedTextField(person="customer_id", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "customer", "ended_on"], name="stay_ends_once"),
            models.CheckConstraint(
                condition=~models.Q(status="DEALT_WITH") | models.Q(decided_by__isnull=False, decided_at__isnull=False),
                name="ended_stay_dealt_with_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "ended_on", "id"], name="ended_stay_queue")]

    def __str__(self) -> str:
        return f"ended stay {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Of customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)
