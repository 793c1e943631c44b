"""A registry certificate as a task: to be obtained, transcribed by one person and checked by another."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.reach import Reach


class RegistryCertificate(Stateful, TenantModel):
    """What the commercial registry certifies of a company: ordered, on paper, transcribed, and compared with the file.

    The file is never changed by it; the second person who checks it says what is taken over.
    """

    class Status(models.TextChoices):
        REQUESTED = "REQUESTED", _("To be obtained")
        TRANSCRIBED = "TRANSCRIBED", _("To be compared")
        CHECKED = "CHECKED", _("Compared and checked")
        CANCELLED = "CANCELLED", _("Not needed any more")

    class Kind(models.TextChoices):
        FULL = "FULL", _("Certificate of all historical matters")
        CURRENT = "CURRENT", _("Certificate of all current matters")
        ONLINE = "ONLINE", _("Information of the online registry service")

    class Origin(models.TextChoices):
        REVIEW = "REVIEW", _("A review")
        NEWS = "NEWS", _("News from the register of companies")
        HAND = "HAND", _("A member of staff")

    TRANSITIONS: ClassVar = {
        Status.REQUESTED: {Status.TRANSCRIBED, Status.CANCELLED},
        Status.TRANSCRIBED: {Status.CHECKED, Status.REQUESTED, Status.CANCELLED},
    }

    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=11, choices=Status, default=Status.REQUESTED)
    origin = models.CharField(max_length=6, choices=Origin)
    # the review's case or the CompanyNews that it came from; no foreign key, because cases are above this room
    reference = models.UUIDField(null=True, blank=True)
    why = EncryptedTextField(person="customer_id", null=True)
    requested_by = models.BigIntegerField()
    requested_at = models.DateTimeField()
    assigned_to = models.BigIntegerField()
    due_on = models.DateField()

    kind = models.CharField(max_length=7, choices=Kind, blank=True)
    issued_on = models.DateField(null=True, blank=True)
    # as the paper has it, by keys of companies.certificates.rules; shares the customer's key
    said = EncryptedJSONField(person="customer_id", null=True)
    transcribed_by = models.BigIntegerField(null=True, blank=True)
    transcribed_person = person_field()
    transcribed_at = models.DateTimeField(null=True, blank=True)
    returned_because = EncryptedTextField(person="customer_id", null=True)

    checked_by = models.BigIntegerField(null=True, blank=True)
    checked_person = person_field()
    checked_at = models.DateTimeField(null=True, blank=True)
    # keys of what differed then, and of what was taken over of it
    differed = models.JSONField(default=list)
    taken = models.JSONField(default=list)
    cancelled_by = models.BigIntegerField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_because = EncryptedTextField(person="customer_id", null=True)

    class Meta:
        constraints = [
            two_people("certificate_four_eyes", first=("transcribed",), second="checked"),
            models.CheckConstraint(
                condition=~Q(status="CHECKED") | Q(checked_by__isnull=False, checked_at__isnull=False),
                name="certificate_checked",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["REQUESTED", "CANCELLED"])
                | Q(transcribed_at__isnull=False, issued_on__isnull=False),
                name="certificate_transcribed",
            ),
            models.UniqueConstraint(
                fields=["tenant", "customer"],
                condition=Q(status__in=["REQUESTED", "TRANSCRIBED"]),
                name="certificate_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "due_on", "id"], name="certificate_queue"),
            models.Index(fields=["tenant", "customer", "-requested_at"], name="certificate_by_customer"),
        ]

    def __str__(self) -> str:
        return f"registry certificate {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)

    @property
    def is_open(self) -> bool:
        """Whether somebody has still to do something about it."""
        return bool(self.status in (self.Status.REQUESTED, self.Status.TRANSCRIBED))
