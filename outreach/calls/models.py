"""That a customer asked to be called, when, and at which number."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from tenants.fields import EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class CallRequest(TenantModel):
    """Told on the customer's pages; a task of calling stands for it, unless a flag keeps everybody from calling."""

    class Part(models.TextChoices):
        MORNING = "MORNING", _("Before noon")
        AFTERNOON = "AFTERNOON", _("From noon to three o’clock")
        LATE = "LATE", _("After three o’clock")

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    task = TenantForeignKey("outreach.OutreachTask", on_delete=models.CASCADE, null=True, related_name="requests")
    # comes with the form: sent twice, it is one wish
    token = models.UUIDField()
    number = models.CharField(max_length=8)
    link_reference = models.UUIDField()
    is_proved = models.BooleanField(default=False)
    language = models.CharField(max_length=8, default="ja")
    day = models.DateField()
    part = models.CharField(max_length=9, choices=Part)
    # as it is written; none: the number on file
    phone = EncryptedTextField(person="customer_id", null=True)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token"], name="call_request_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="call_request_number"),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="call_request_by_customer"),
            models.Index(fields=["tenant", "link_reference", "told_at"], name="call_request_by_link"),
        ]

    def __str__(self) -> str:
        return f"call request {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """As the tasks they became."""
        if reach.has_branch:
            return models.Q(customer__branch_code__in=reach.branches)
        return models.Q(task__assignee=reach.user_id)
