"""The register of corporate numbers as we hold it, for all tenants, and what it told each tenant of its customers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from companies.certificates.models import RegistryCertificate as RegistryCertificate
from companies.gbiz.models import GbizAccess as GbizAccess
from companies.gbiz.models import GbizAnswer as GbizAnswer
from customers.models import Customer
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class ChangeKind(models.TextChoices):
    """What happened to a company, as `companies.changing` finds it."""

    CLOSED = "CLOSED", _("Registration closed")
    MERGED = "MERGED", _("Merged into another")
    REOPENED = "REOPENED", _("Reopened")
    RENAMED = "RENAMED", _("Renamed")
    MOVED = "MOVED", _("Moved")


class CorporateRecord(models.Model):
    """What the register says of one company today.

    Belongs to no tenant: it is the public register of the whole country, the same for everybody, and says nothing
    about who is whose customer. Everybody may read it; our own code alone writes it, and only what the tax agency
    said (`companies.keeping`); nobody deletes from it. Whatever a tenant makes of it is a row of the tenant.
    """

    number = models.CharField(max_length=13, primary_key=True)
    name = models.CharField(max_length=300)
    name_fold = models.CharField(max_length=300)
    furigana = models.CharField(max_length=500, blank=True)
    name_en = models.CharField(max_length=300, blank=True)
    kind = models.CharField(max_length=3, blank=True)
    prefecture = models.CharField(max_length=10, blank=True)
    city = models.CharField(max_length=40, blank=True)
    street = models.CharField(max_length=600, blank=True)
    address_abroad = models.CharField(max_length=600, blank=True)
    postal_code = models.CharField(max_length=7, blank=True)
    process = models.CharField(max_length=2)
    changed_on = models.DateField()
    # the agency's own day of writing; what is older never replaces what is newer
    updated_on = models.DateField()
    closed_on = models.DateField(null=True)
    close_cause = models.CharField(max_length=2, blank=True)
    successor = models.CharField(max_length=13, blank=True)
    change_cause = models.CharField(max_length=1000, blank=True)
    assigned_on = models.DateField(null=True)
    # 〓 stands for characters that are shown as a picture only
    has_odd_characters = models.BooleanField(default=False)
    is_hidden = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["name_fold"], name="record_by_name", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.number


class RegistryLoad(models.Model):
    """One file, or one answer of differences, from beginning to end: how far it was read, and what it came to.

    Belongs to no tenant, as what it loads.
    """

    class Kind(models.TextChoices):
        FULL = "FULL", _("Full file")
        DIFFERENCE = "DIFFERENCE", _("Daily difference")

    kind = models.CharField(max_length=10, choices=Kind)
    # of a file; an answer of the web API has neither
    filename = models.CharField(max_length=120, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    # the days it covers, both included; a full file covers everything until its day
    first_on = models.DateField(null=True)
    last_on = models.DateField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # Lines up to here are committed; a run that died goes on from there.
    lines_done = models.BigIntegerField(default=0)
    rows_new = models.BigIntegerField(default=0)
    rows_changed = models.BigIntegerField(default=0)
    rows_same = models.BigIntegerField(default=0)
    rows_former = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    # the first of them, as [line, code]
    rejections = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sha256"], condition=~models.Q(sha256=""), name="registry_file_once")
        ]

    def __str__(self) -> str:
        return f"registry load {self.pk}"

    @property
    def rows_read(self) -> int:
        """Every line, whatever became of it."""
        return self.rows_new + self.rows_changed + self.rows_same + self.rows_former + self.rows_rejected


class RegistryChange(models.Model):
    """Something that happened to a company of the register, with what it said before and after.

    Belongs to no tenant, as the register itself; a tenant's copy is its `CompanyNews`.
    """

    number = models.CharField(max_length=13)
    kind = models.CharField(max_length=8, choices=ChangeKind)
    happened_on = models.DateField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    found_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["number", "found_at"], name="registry_change_by_number")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.number}"


class CompanyNews(Stateful, TenantModel):
    """Something that happened to a customer, as the register tells it, until a person has decided what follows.

    The customer file is never changed by it; taking over is a person's act.
    """

    class Status(models.TextChoices):
        OPEN = "OPEN", _("To be looked at")
        TAKEN_OVER = "TAKEN_OVER", _("Taken over into the file")
        DEALT_WITH = "DEALT_WITH", _("Dealt with")
        NO_MATTER = "NO_MATTER", _("Of no matter")

    TRANSITIONS = {Status.OPEN: {Status.TAKEN_OVER, Status.DEALT_WITH, Status.NO_MATTER}}

    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    kind = models.CharField(max_length=8, choices=ChangeKind)
    # the RegistryChange; no foreign key, because that is nobody's
    change = models.BigIntegerField()
    happened_on = models.DateField()
    found_at = models.DateTimeField()
    before = EncryptedJSONField(person="customer_id")
    after = EncryptedJSONField(person="customer_id")
    decided_by = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)
    note = EncryptedTextField(person="customer_id", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "customer", "change"], name="company_news_once")]
        indexes = [models.Index(fields=["tenant", "status", "found_at", "id"], name="company_news_queue")]

    def __str__(self) -> str:
        return f"company news {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """About customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)
