"""Where a tenant's books are fetched from, and every file that was found there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import CustomerImport, FixedLayout
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.reach import Reach


class PickupSource(Stateful, TenantModel):
    """One place that books come from, how and when it is looked at, and how the last looks went.

    Every change of what stands above ``proposed_by`` ends the approval of taking in by itself.
    """

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("Looked at by the clock")
        PAUSED = "PAUSED", _("Paused")

    class Kind(models.TextChoices):
        FOLDER = "FOLDER", _("Folder of this service")
        SFTP = "SFTP", _("SFTP server")

    class Days(models.TextChoices):
        DAILY = "DAILY", _("Every day")
        WORKING_DAYS = "WORKING_DAYS", _("Every banking day")
        WEEKDAYS = "WEEKDAYS", _("On certain days of the week")
        MONTHLY = "MONTHLY", _("Once a month, on a certain banking day")

    class Afterwards(models.TextChoices):
        LEAVE = "LEAVE", _("Leave it where it is")
        ARCHIVE = "ARCHIVE", _("Move it into the folder “archive”")

    TRANSITIONS = {Status.ACTIVE: {Status.PAUSED}, Status.PAUSED: {Status.ACTIVE}}

    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind)
    # below the tenant's own folder of PICKUP_ROOT, or on the server; "" is that folder itself, or where one arrives
    folder = models.CharField(max_length=200, blank=True)
    host = models.CharField(max_length=255, blank=True)
    port = models.PositiveIntegerField(default=22)
    username = models.CharField(max_length=64, blank=True)
    # what the server shows who it is, as in known_hosts: kind and key; nothing else is spoken to
    host_key = models.CharField(max_length=1000, blank=True)
    # ours, made here; only the public half is ever shown
    private_key = EncryptedTextField(null=True)
    public_key = models.CharField(max_length=200, blank=True)
    pattern = models.CharField(max_length=80)
    # the ending of the empty file that says another is whole (".done"); "": it has not changed between two looks
    marker = models.CharField(max_length=12, blank=True)
    layout = TenantForeignKey(FixedLayout, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    afterwards = models.CharField(max_length=8, choices=Afterwards, default=Afterwards.LEAVE)
    # one of the two: every so many minutes, or "HH:MM" of Japan's clock
    every_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    times = models.JSONField(default=list)
    # by when a new file must have come, on Japan's clock; null: there is no such hour
    expected_by = models.TimeField(null=True, blank=True)
    expected_days = models.CharField(max_length=12, choices=Days, default=Days.DAILY)
    # with WEEKDAYS: 0 is Monday; with MONTHLY: which banking day of the month, 0 for the last
    expected_weekdays = models.JSONField(default=list, db_default=[])
    expected_nth = models.PositiveSmallIntegerField(null=True, blank=True)
    # Taken in without a person below these limits, in percent of the rows, once two people want it.
    takes_in = models.BooleanField(default=False)
    max_changed = models.PositiveSmallIntegerField(default=10)
    max_rejected = models.PositiveSmallIntegerField(default=1)
    proposed_by = models.BigIntegerField()
    proposed_person = person_field()
    # of the last change, which is what is approved
    proposed_at = models.DateTimeField()
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)

    # The clock's own: when it is looked at next, by whom now, and what the last looks found.
    next_look_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_params = models.JSONField(default=dict)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    # the hour by which a file should have come and did not
    missing_since = models.DateTimeField(null=True, blank=True)
    # the last hour that was watched, and what officers were last written to about
    watched_at = models.DateTimeField(null=True, blank=True)
    told = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="pickup_name"),
            two_people("pickup_four_eyes", first=("proposed",), second="approved"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(takes_in=True, approved_at__isnull=False),
                name="pickup_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"pick-up source {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see the whole institution: books hold customers of every branch."""
        return Q(pk__in=[])

    @property
    def is_automatic(self) -> bool:
        """Whether files are taken in without a person."""
        return self.takes_in and self.approved_by is not None

    @property
    def is_troubled(self) -> bool:
        """Whether somebody has to look: it cannot be reached, or what should have come has not."""
        return bool(self.failure_code) or self.missing_since is not None


_OVER = tuple(CustomerImport.Status[name] for name in ("COMPLETED", "FAILED", "UNDONE", "DISCARDED"))


class AgainReason(models.TextChoices):
    """Why somebody has a file fetched that is dealt with already."""

    READ_WRONGLY = "READ_WRONGLY", _("It was read in a wrong way the first time")
    THROWN_AWAY = "THROWN_AWAY", _("It was thrown away or taken back by mistake")
    SAYS_AGAIN = "SAYS_AGAIN", _("What it says is to hold again")
    REPAIRED = "REPAIRED", _("What kept it from being read is repaired")


class PickedFile(Stateful, TenantModel):
    """One file as it was found in one form: name, size, time; and what became of it."""

    class Status(models.TextChoices):
        SEEN = "SEEN", _("Found, still arriving")
        TAKEN = "TAKEN", _("Handed over to a person")
        COMMITTED = "COMMITTED", _("Taken in by itself")
        HELD = "HELD", _("Held for a person")
        KNOWN = "KNOWN", _("Known content, not taken again")
        REFUSED = "REFUSED", _("Not a customer file")
        GONE = "GONE", _("Vanished before it was read")

    TRANSITIONS = {
        Status.SEEN: {Status.TAKEN, Status.KNOWN, Status.REFUSED, Status.GONE},
        Status.TAKEN: {Status.COMMITTED, Status.HELD},
    }

    source = TenantForeignKey(PickupSource, on_delete=models.CASCADE, related_name="files")
    status = models.CharField(max_length=10, choices=Status, default=Status.SEEN)
    name = EncryptedTextField()
    name_index = models.BinaryField(max_length=16)
    size = models.BigIntegerField()
    modified_at = models.DateTimeField()
    # since when it is as it is
    seen_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    customer_import = TenantForeignKey(
        CustomerImport, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # whether the trial may be followed by taking the file in without a person: the source's word when it was fetched
    is_automatic = models.BooleanField(default=False)
    is_archived = models.BooleanField(default=False)
    # Fetched although it was dealt with before, because somebody asked for it.
    again_reason = models.CharField(max_length=12, choices=AgainReason, blank=True, default="", db_default="")
    asked_by = models.BigIntegerField(null=True, blank=True)
    # why it was refused or held: a code of integrations.pickups.wording or customers.wording
    code = models.CharField(max_length=40, blank=True)
    params = EncryptedJSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "name_index"], condition=Q(status="SEEN"), name="picked_arriving_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "source", "seen_at", "id"], name="picked_by_source"),
            models.Index(fields=["tenant", "source", "name_index", "id"], name="picked_by_name"),
            models.Index(fields=["tenant", "id"], name="picked_taken", condition=Q(status="TAKEN", is_automatic=True)),
        ]

    def __str__(self) -> str:
        return f"picked file {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see every import."""
        return Q(pk__in=[])

    @property
    def is_undecided(self) -> bool:
        """Whether its import is not over yet."""
        return self.customer_import is not None and self.customer_import.status not in _OVER

    @property
    def may_come_again(self) -> bool:
        """Whether it can be asked for once more, if it is the newest of its name."""
        return self.status != self.Status.SEEN and not self.is_undecided and not self.is_archived
