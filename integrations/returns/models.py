"""A tenant's layout of return files, the numbered files made by it, and which change went back in which."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedBinaryField, EncryptedJSONField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.proposals import Proposal, by_two_people
from tenants.reach import Reach


class ReturnLayout(Proposal):
    """How the core system wants its return file: of the versions that two people agreed on the newest is in force."""

    version = models.PositiveIntegerField()
    # integrations.returns.layouts
    document = models.JSONField()

    class Meta:
        constraints = [
            *by_two_people("return_layout"),
            models.UniqueConstraint(fields=["tenant", "version"], name="return_layout_version"),
            models.UniqueConstraint(fields=["tenant"], condition=Q(status="PROPOSED"), name="one_open_return_layout"),
        ]

    def __str__(self) -> str:
        return f"return layout {self.version}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see the whole institution."""
        return Q(pk__in=[])


class ReturnBatch(Stateful, TenantModel):
    """One numbered return file, from being made until the core system has taken it in, or has not."""

    class Status(models.TextChoices):
        PREPARING = "PREPARING", _("Being made")
        PREPARED = "PREPARED", _("To be released")
        DISCARDED = "DISCARDED", _("Thrown away")
        RELEASED = "RELEASED", _("Released to the core system")
        ACKNOWLEDGED = "ACKNOWLEDGED", _("Taken in by the core system")
        REFUSED = "REFUSED", _("Refused by the core system")

    TRANSITIONS = {
        Status.PREPARING: {Status.PREPARED, Status.DISCARDED},
        Status.PREPARED: {Status.RELEASED, Status.DISCARDED},
        Status.RELEASED: {Status.ACKNOWLEDGED, Status.REFUSED},
    }

    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=Status, default=Status.PREPARING)
    layout = TenantForeignKey(ReturnLayout, on_delete=models.PROTECT, related_name="+")
    prepared_by = models.BigIntegerField()
    prepared_person = person_field()
    prepared_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)
    # Who said of the file before this one that the core system refused it, where nothing has left since.
    refused_by = models.BigIntegerField(null=True, blank=True)
    refused_person = person_field()
    # What is in the file: integrations.returns.filling.Totals; and how many changes had which outcome.
    records = models.PositiveIntegerField(default=0)
    changes = models.PositiveIntegerField(default=0)
    hash_total = models.CharField(max_length=12, blank=True)
    outcomes = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(default=0)
    # why there is no file: a code of integrations.returns.wording
    failure = models.CharField(max_length=40, blank=True)
    released_by = models.BigIntegerField(null=True, blank=True)
    released_person = person_field()
    released_at = models.DateTimeField(null=True, blank=True)
    # The answer of the core system, or the reason why the file was thrown away.
    settled_by = models.BigIntegerField(null=True, blank=True)
    settled_person = person_field()
    settled_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    # until then the file can be had again
    kept_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="return_number"),
            models.UniqueConstraint(
                fields=["tenant"], condition=Q(status__in=["PREPARING", "PREPARED"]), name="one_return_being_made"
            ),
            two_people("return_four_eyes", first=("prepared",), second="released"),
            models.CheckConstraint(
                condition=~Q(status__in=["RELEASED", "ACKNOWLEDGED", "REFUSED"])
                | Q(released_by__isnull=False, released_at__isnull=False),
                name="return_released",
            ),
            models.CheckConstraint(
                condition=Q(refused_by__isnull=True)
                | Q(released_by__isnull=True)
                | ~Q(released_by=F("refused_by")) & ~Q(released_person=F("refused_person")),
                name="return_repaired_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"return file {self.number}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see the whole institution: a file holds customers of every branch."""
        return Q(pk__in=[])


class ReturnedChange(TenantModel):
    """That one change of one fact was dealt with by one file; gone again when the file is thrown away or refused."""

    class Outcome(models.TextChoices):
        RETURNED = "RETURNED", _("In the file")
        LEFT_OUT = "LEFT_OUT", _("To be entered by hand")
        KNOWN = "KNOWN", _("Known to the core system already")
        OVERTAKEN = "OVERTAKEN", _("The core system has said something newer")

    batch = TenantForeignKey(ReturnBatch, on_delete=models.CASCADE, related_name="returned")
    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    # of the AttributeChange: not a key, because the history may be destroyed before
    change = models.UUIDField()
    attribute = models.CharField(max_length=40)
    outcome = models.CharField(max_length=10, choices=Outcome)
    # LEFT_OUT: why, a code of integrations.returns.wording, and the characters concerned
    code = models.CharField(max_length=40, blank=True)
    params = EncryptedJSONField(person="customer_id", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "change"], name="change_returned_once")]
        indexes = [
            models.Index(fields=["tenant", "batch", "outcome", "id"], name="returned_by_batch"),
            models.Index(fields=["tenant", "customer"], name="returned_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.attribute} of customer {self.customer_id} in return file {self.batch_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see every file."""
        return Q(pk__in=[])


class ReturnPiece(TenantModel):
    """A piece of a return file, sealed, in order; destroyed when its time is over."""

    batch = TenantForeignKey(ReturnBatch, on_delete=models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    body = EncryptedBinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "batch", "position"], name="return_piece_position")]

    def __str__(self) -> str:
        return f"piece {self.position} of return file {self.batch_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see every file."""
        return Q(pk__in=[])
