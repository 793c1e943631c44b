"""A file of customers that somebody ordered, from being made until it is destroyed, and its sealed pieces."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from tenants.fields import EncryptedBinaryField, EncryptedJSONField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.proposals import Proposal, by_two_people
from tenants.reach import Reach

# Above so many rows a second person lets a file out, where the institution has agreed on no other number.
USUAL = 1_000
LARGEST = 100_000


class CustomerExport(Stateful, TenantModel):
    """One file: which customers, which columns, what for; above a limit of rows a second person lets it out."""

    class Status(models.TextChoices):
        PREPARING = "PREPARING", _("Being made")
        PREPARED = "PREPARED", _("To be approved")
        READY = "READY", _("Ready")
        FAILED = "FAILED", _("Failed")
        DISCARDED = "DISCARDED", _("Thrown away")
        EXPIRED = "EXPIRED", _("Time over")

    TRANSITIONS = {
        Status.PREPARING: {Status.PREPARED, Status.READY, Status.FAILED},
        Status.PREPARED: {Status.READY, Status.DISCARDED, Status.EXPIRED},
        Status.READY: {Status.DISCARDED, Status.EXPIRED},
    }

    class Purpose(models.TextChoices):
        REVIEW = "REVIEW", _("Work on reviews")
        CONTACT = "CONTACT", _("Preparing letters, calls or visits")
        FIGURES = "FIGURES", _("Figures and analysis")
        COMPARISON = "COMPARISON", _("Comparison with another system")
        INSPECTION = "INSPECTION", _("Inspection or audit")
        AUTHORITY = "AUTHORITY", _("Inquiry of an authority")

    class Encoding(models.TextChoices):
        UTF8 = "utf-8-sig", _("CSV, UTF-8 with BOM")
        CP932 = "cp932", _("CSV, Shift_JIS (CP932)")
        # which has no encoding to choose
        XLSX = "xlsx", _("Excel workbook")

    status = models.CharField(max_length=10, choices=Status, default=Status.PREPARING)
    # which customers: customers.exporting.selectors.Wanted
    wanted = models.JSONField()
    columns = models.JSONField()
    encoding = models.CharField(max_length=10, choices=Encoding)
    purpose = models.CharField(max_length=12, choices=Purpose)
    matter = models.CharField(max_length=20)
    ordered_by = models.BigIntegerField()
    ordered_person = person_field()
    ordered_at = models.DateTimeField()
    # What was made: rows, whether values are covered, for which role and branch, and how many rows nobody else sees.
    made_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    is_masked = models.BooleanField(default=False)
    made_for = models.CharField(max_length=40, blank=True)
    limit = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    # letters that the encoding cannot write, by code point, with how often each; goes with the file
    unwritable = EncryptedJSONField(null=True)
    # why there is no file: a code of customers.exporting.wording
    failure = models.CharField(max_length=20, blank=True)
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    # Thrown away: by whom, who ordered it or who did not approve, and why not.
    settled_by = models.BigIntegerField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    # then the file is destroyed
    kept_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "ordered_person"],
                condition=Q(status__in=["PREPARING", "PREPARED"]),
                name="one_export_of_a_person",
            ),
            two_people("export_four_eyes", first=("ordered",), second="approved"),
            models.CheckConstraint(
                condition=~Q(status="READY") | Q(rows__lte=F("limit")) | Q(approved_by__isnull=False),
                name="export_approved_above_limit",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-ordered_at", "-id"], name="export_newest"),
            models.Index(
                fields=["tenant", "kept_until"], name="export_by_end", condition=Q(status__in=["PREPARED", "READY"])
            ),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Their own: another's file may hold customers whom they do not see."""
        return Q(pk__in=[]) if reach.is_operator else Q(ordered_by=reach.user_id)


class ExportPiece(TenantModel):
    """A piece of an export, sealed, in order, and whose rows are in it; destroyed when its time is over."""

    export = TenantForeignKey(CustomerExport, on_delete=models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    # their ids, as text
    customers = models.JSONField(default=list)
    body = EncryptedBinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "export", "position"], name="export_piece_position")]

    def __str__(self) -> str:
        return f"piece {self.position} of export {self.export_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """As their files."""
        return Q(pk__in=[]) if reach.is_operator else Q(export__ordered_by=reach.user_id)


class ExportLimit(Proposal):
    """A number that somebody proposed; the newest that another person approved is in force. Never changed."""

    rows = models.PositiveIntegerField()

    class Meta:
        constraints = [
            *by_two_people("export_limit"),
            models.UniqueConstraint(fields=["tenant"], condition=Q(status="PROPOSED"), name="one_open_export_limit"),
            models.CheckConstraint(condition=Q(rows__lte=LARGEST), name="export_limit_largest"),
        ]

    def __str__(self) -> str:
        return f"export limit {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see the whole institution."""
        return Q(pk__in=[])
