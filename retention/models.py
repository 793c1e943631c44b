"""Lengths of keeping, legal holds, and purges with what became of each record."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people


class RetentionClass(TenantModel):
    """A tenant's own length for one class of records; without a row the class's default holds."""

    code = models.CharField(max_length=24)
    length = models.PositiveIntegerField()
    changed_by = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="retention_class_code")]

    def __str__(self) -> str:
        return f"{self.code}: {self.length}"


class LegalHold(TenantModel):
    """Nothing about one customer is destroyed until it is released, whatever the period says."""

    class Reason(models.TextChoices):
        LITIGATION = "LITIGATION", _("Lawsuit or dispute")
        AUTHORITY = "AUTHORITY", _("Request of an authority")
        INSPECTION = "INSPECTION", _("Inspection or audit")
        INQUIRY = "INQUIRY", _("Internal inquiry")

    subject = models.UUIDField()
    reason = models.CharField(max_length=12, choices=Reason)
    matter = models.CharField(max_length=40)  # a number in the bank's own files; never a name
    placed_by = models.BigIntegerField()
    placed_at = models.DateTimeField()
    released_by = models.BigIntegerField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(released_by__isnull=True, released_at__isnull=True)
                | Q(released_by__isnull=False, released_at__isnull=False),
                name="hold_released_by_somebody",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "subject"], name="hold_by_subject", condition=Q(released_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class PurgeProposal(Stateful, TenantModel):
    """A frozen list of records whose time is over, and who let them go."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Found")
        PROPOSED = "PROPOSED", _("Proposed")
        APPROVED = "APPROVED", _("Approved")
        EXECUTED = "EXECUTED", _("Executed")
        REJECTED = "REJECTED", _("Rejected")

    TRANSITIONS = {
        Status.DRAFT: {Status.PROPOSED, Status.REJECTED},
        Status.PROPOSED: {Status.APPROVED, Status.REJECTED},
        Status.APPROVED: {Status.EXECUTED, Status.REJECTED},
    }

    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    found_on = models.DateField()
    found_at = models.DateTimeField()
    counts = models.JSONField()  # {class code: records}
    list_hash = models.CharField(max_length=64)
    submitted_by = models.BigIntegerField(null=True, blank=True)
    submitted_person = person_field()
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_hash = models.CharField(max_length=64, blank=True)
    rejected_by = models.BigIntegerField(null=True, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)
    reject_reason = models.CharField(max_length=200, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            two_people("purge_four_eyes", first=("submitted",), second="approved"),
            models.CheckConstraint(
                condition=~Q(status__in=["APPROVED", "EXECUTED"])
                | Q(approved_by__isnull=False, approved_hash=F("list_hash")),
                name="purge_approved_as_listed",
            ),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(status__in=["DRAFT", "PROPOSED", "APPROVED"]),
                name="one_open_purge",
            ),
        ]

    def __str__(self) -> str:
        return f"purge {self.pk}"

    @property
    def total(self) -> int:
        """Records on the list."""
        return sum(self.counts.values())


class PurgeItem(TenantModel):
    """One record on a purge's list, and what became of it."""

    class Outcome(models.TextChoices):
        DESTROYED = "DESTROYED", _("Destroyed")
        HELD = "HELD", _("Kept: legal hold")
        NOT_DUE = "NOT_DUE", _("Kept: not due any more, or gone")

    proposal = TenantForeignKey(PurgeProposal, on_delete=models.CASCADE, related_name="items")
    code = models.CharField(max_length=24)
    record = models.UUIDField()
    subject = models.UUIDField(null=True, blank=True)
    trigger_on = models.DateField()
    free_from = models.DateField()
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "proposal", "code", "record"], name="purge_item_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.record}"

    @property
    def line(self) -> str:
        """What the list's hash is made of."""
        return f"{self.code}|{self.record}|{self.subject or ''}|{self.trigger_on}|{self.free_from}\n"


class DestructionRecord(TenantModel):
    """What was destroyed, by which rule, on whose word; never changed."""

    proposal = TenantForeignKey(PurgeProposal, on_delete=models.PROTECT, related_name="records")
    made_at = models.DateTimeField()
    # {class code: {outcome: records}}
    outcomes = models.JSONField()
    # {class code: {"length": …, "unit": …}}, as applied
    rules = models.JSONField()
    # SHA-256 over the ids that were destroyed, sorted, a line each
    destroyed_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "proposal"], name="destruction_of_purge")]

    def __str__(self) -> str:
        return f"destruction record {self.pk}"
