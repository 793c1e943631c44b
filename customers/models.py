"""The customer file: who the customers are, how to reach them, and how we came to know it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.accounts.models import CustomerAccount as CustomerAccount
from customers.accounts.models import Product as Product
from customers.contacts.models import ContactPoint as ContactPoint
from customers.facts.models import ExpiredValue as ExpiredValue
from customers.facts.models import OwnAttribute as OwnAttribute
from customers.facts.models import ValueKeeping as ValueKeeping
from customers.fixed_layouts.models import FixedLayout as FixedLayout
from customers.parts import NamePart as NamePart
from customers.related.models import OwnerPaper as OwnerPaper
from customers.related.models import RelatedParty as RelatedParty
from customers.tiers import DueDiligence as DueDiligence
from customers.tiers import RiskTier as RiskTier
from tenants.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel, tenant_of_many
from tenants.reach import Reach

_FOR_THE_CORE_SYSTEM = models.Q(source__in=["CUSTOMER", "MERGE", "REGISTRY", "STAFF", "UNMERGE"])
# Between bounds, not by a pattern: from an equality the database proves only such.
_OF_OWN_ATTRIBUTES = models.Q(attribute__gte="own_", attribute__lt="owo")
_IN_CHARGE = ~models.Q(department="")
_STAYS = models.Q(stay_ends_on__isnull=False)


class Customer(Stateful, TenantModel):
    """A person or a company under due diligence.

    What identifies them is sealed in ``profile``; what only bears on risk stands plain, for segments.
    """

    class Kind(models.TextChoices):
        INDIVIDUAL = "INDIVIDUAL", _("Individual")
        COMPANY = "COMPANY", _("Company")

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        CLOSED = "CLOSED", _("Closed")
        MERGED = "MERGED", _("Part of another customer")

    TRANSITIONS = {
        Status.ACTIVE: {Status.CLOSED, Status.MERGED},
        Status.CLOSED: {Status.ACTIVE},
        Status.MERGED: {Status.ACTIVE},
    }

    tenant = tenant_of_many()
    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=Kind)
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    # who goes on in this one's place (customers/merging); their whole file is destroyed with that one's
    merged_into = TenantForeignKey("self", on_delete=models.CASCADE, null=True, db_index=False, related_name="+")
    # name, kana, birth_on, account_number, accounts; companies: representative, owners
    profile = EncryptedJSONField(person="id")
    name_index = models.BinaryField(max_length=16, null=True)
    kana_index = models.BinaryField(max_length=16, null=True)
    # of name and date of birth together, individuals only: who may be one person (customers/matching)
    person_index = models.BinaryField(max_length=16, null=True)
    corporate_number = models.CharField(max_length=13, blank=True)

    nationality = models.CharField(max_length=2, blank=True)
    country_of_residence = models.CharField(max_length=2, blank=True)
    residence_status = models.CharField(max_length=24, blank=True)
    residence_expires_on = models.DateField(null=True, blank=True)
    residence_applied_on = models.DateField(null=True, blank=True)
    # the last day of the stay, which follows from the two days by customers.residence
    stay_ends_on = models.DateField(null=True, blank=True)
    occupation = models.CharField(max_length=24, blank=True)
    industry = models.CharField(max_length=24, blank=True)
    purpose = models.CharField(max_length=24, blank=True)
    source_of_funds = models.CharField(max_length=24, blank=True)
    is_us_person = models.BooleanField(null=True)
    is_foreign_pep = models.BooleanField(null=True)
    handles_cash = models.BooleanField(null=True)
    sends_abroad = models.BooleanField(null=True)
    # what the register of companies says of this one (companies/standing.py): "" not known, OPEN, CLOSED or MERGED;
    # and whether name or address on file differ from it
    register_status = models.CharField(max_length=6, blank=True, default="", db_default="")
    register_differs = models.BooleanField(null=True)
    # the institution's own attributes that stand plain, by key (customers/facts/own.py)
    attributes = models.JSONField(default=dict)
    branch_code = models.CharField(max_length=8, blank=True)
    # of the institution's own, as files and staff name it; it opens nothing to anybody
    department = models.CharField(max_length=200, blank=True, default="", db_default="")
    language = models.CharField(max_length=8, default="ja")

    opened_on = models.DateField(null=True, blank=True)
    # the end of the contract, from which the duty to keep the file is counted
    closed_on = models.DateField(null=True, blank=True)
    last_reviewed_on = models.DateField(null=True, blank=True)
    next_review_on = models.DateField(null=True, blank=True)
    risk_tier = models.CharField(max_length=6, choices=RiskTier, blank=True)
    due_diligence = models.CharField(max_length=10, choices=DueDiligence, blank=True)
    rated_at = models.DateTimeField(null=True, blank=True)
    is_rating_due = models.BooleanField(default=True)
    # SHA-256 of the imported row's values, so that an unchanged row costs no write
    source_hash = models.BinaryField(max_length=32, null=True)
    # the import that brought the customer in, so that it can be taken back as a whole
    entered_by = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="customer_number"),
            models.CheckConstraint(
                condition=models.Q(status="CLOSED") | models.Q(closed_on__isnull=True), name="customer_open_or_closed"
            ),
            models.CheckConstraint(
                condition=models.Q(status="MERGED", merged_into__isnull=False) & ~models.Q(merged_into=models.F("id"))
                | ~models.Q(status="MERGED") & models.Q(merged_into__isnull=True),
                name="customer_merged_into_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "name_index"], name="customer_by_name"),
            models.Index(fields=["tenant", "kana_index"], name="customer_by_kana"),
            models.Index(
                fields=["tenant", "person_index", "id"],
                name="customer_by_person",
                condition=models.Q(status="ACTIVE", person_index__isnull=False),
            ),
            models.Index(
                fields=["tenant", "corporate_number", "id"],
                name="customer_by_corporate_number",
                condition=models.Q(status="ACTIVE") & ~models.Q(corporate_number=""),
            ),
            models.Index(fields=["tenant", "next_review_on"], name="customer_by_next_review"),
            models.Index(fields=["tenant", "risk_tier", "next_review_on"], name="customer_by_tier"),
            models.Index(fields=["tenant", "stay_ends_on"], name="customer_by_stay", condition=_STAYS),
            models.Index(fields=["tenant", "department"], name="customer_by_department", condition=_IN_CHARGE),
            models.Index(fields=["tenant", "closed_on"], name="customer_by_end", condition=models.Q(status="CLOSED")),
            models.Index(fields=["tenant", "id"], name="customer_rating_due", condition=models.Q(is_rating_due=True)),
            models.Index(fields=["tenant", "merged_into"], name="customer_merged", condition=models.Q(status="MERGED")),
        ]

    def __str__(self) -> str:
        return f"customer {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of the branches."""
        return models.Q(branch_code__in=reach.branches)


class AttributeChange(TenantModel):
    """What one attribute was and became, when, from which source: the history of the file."""

    class Source(models.TextChoices):
        IMPORT = "IMPORT", _("Import")
        CUSTOMER = "CUSTOMER", _("Customer's answer")
        STAFF = "STAFF", _("Staff")
        REGISTRY = "REGISTRY", _("Register of companies")
        UNDO = "UNDO", _("Import taken back")
        MERGE = "MERGE", _("Merging of two customers")
        UNMERGE = "UNMERGE", _("Merging taken back")
        RULE = "RULE", _("Destroyed: its time of keeping was over")

    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="changes")
    attribute = models.CharField(max_length=40)
    before = EncryptedJSONField(person="customer_id", null=True)
    after = EncryptedJSONField(person="customer_id", null=True)
    source = models.CharField(max_length=10, choices=Source)
    source_reference = models.UUIDField(null=True, blank=True)
    # `customers.editing.reasons.EditReason`, where staff changed it by hand
    reason = models.CharField(max_length=16, blank=True)
    actor = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "customer", "at"], name="change_by_customer"),
            models.Index(fields=["tenant", "id"], name="change_verified", condition=_FOR_THE_CORE_SYSTEM),
            models.Index(fields=["tenant", "attribute", "at"], name="change_of_own", condition=_OF_OWN_ATTRIBUTES),
        ]

    def __str__(self) -> str:
        return f"{self.attribute} of customer {self.customer_id} at {self.at:%Y-%m-%d}"


class CustomerImport(Stateful, TenantModel):
    """One file of customers, from upload to result.

    A file that nobody has to look at goes from UPLOADED to RUNNING; one that a person takes in step by step goes
    through its columns (DRAFT), a trial that writes nothing to customers (CHECKING, CHECKED) and the order to take it.
    """

    class Status(models.TextChoices):
        UPLOADED = "UPLOADED", _("Waiting")
        DRAFT = "DRAFT", _("Columns to be confirmed")
        CHECKING = "CHECKING", _("Being tried")
        CHECKED = "CHECKED", _("To be decided")
        DISCARDED = "DISCARDED", _("Thrown away")
        COMMITTED = "COMMITTED", _("Waiting to be taken in")
        RUNNING = "RUNNING", _("Reading")
        COMPLETED = "COMPLETED", _("Completed")
        FAILED = "FAILED", _("Failed")
        UNDOING = "UNDOING", _("Being taken back")
        UNDONE = "UNDONE", _("Taken back")

    TRANSITIONS = {
        Status.UPLOADED: {Status.DRAFT, Status.CHECKING, Status.RUNNING, Status.FAILED},
        Status.DRAFT: {Status.CHECKING, Status.DISCARDED},
        Status.CHECKING: {Status.CHECKED, Status.DISCARDED, Status.FAILED},
        Status.CHECKED: {Status.DRAFT, Status.COMMITTED, Status.DISCARDED},
        Status.COMMITTED: {Status.RUNNING},
        Status.RUNNING: {Status.COMPLETED, Status.FAILED},
        Status.COMPLETED: {Status.UNDOING},
        Status.FAILED: {Status.UNDOING},
        Status.UNDOING: {Status.UNDONE},
    }

    status = models.CharField(max_length=10, choices=Status, default=Status.UPLOADED)
    filename = EncryptedTextField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    encoding = models.CharField(max_length=16, blank=True)
    # the file's own header, for the error file; the pieces are gone when that is asked for
    titles = EncryptedJSONField(null=True)
    # by which the same header is recognised next month
    header_index = models.BinaryField(max_length=16, null=True)
    # what a person said of the file instead of what is read off its header: as Layout.delimiter and Layout.columns
    delimiter = models.CharField(max_length=1, blank=True)
    columns: Any = models.JSONField(null=True)
    uploaded_by = models.BigIntegerField()
    uploaded_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    # Progress. Rows up to ``next_line`` are committed; a run that died goes on from there.
    next_line = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    rows_created = models.PositiveIntegerField(default=0)
    rows_updated = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    # further accounts of the customer on the row above
    rows_joined = models.PositiveIntegerField(default=0, db_default=0)
    # how many customers each attribute changes of
    attributes_changed = models.JSONField(default=dict)
    # Of the customers it entered or changed: taken back, and left as they are with the reason.
    rows_undone = models.PositiveIntegerField(default=0)
    rows_kept = models.PositiveIntegerField(default=0)
    # how often each warning was given, by "column.code" (customers.wording.warning)
    warnings = models.JSONField(default=dict)
    failure_code = models.CharField(max_length=40, blank=True)
    failure_params = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["tenant", "status"], name="import_by_status")]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """None: a file holds customers of every branch. Operators see that it was read."""
        return None if reach.is_operator else models.Q(pk__in=[])

    @property
    def rows_done(self) -> int:
        """Rows whose fate is decided."""
        return self.customers_told + self.rows_joined + self.rows_rejected

    @property
    def customers_told(self) -> int:
        """Customers of whom rows were taken; one may have several."""
        return self.rows_created + self.rows_updated + self.rows_unchanged

    @property
    def rows_written(self) -> int:
        """Customers that the import entered or changed, and that can be taken back."""
        return self.rows_created + self.rows_updated

    @property
    def rows_back(self) -> int:
        """Of those, how many are dealt with when the import is taken back."""
        return self.rows_undone + self.rows_kept


class ImportLayout(TenantModel):
    """How a person said that files with one header are to be read; next month's file is read so without asking."""

    header_index = models.BinaryField(max_length=16)
    encoding = models.CharField(max_length=16)
    delimiter = models.CharField(max_length=1)
    # for each position a key of customers.decoding.COLUMNS, or null
    columns = models.JSONField()
    set_by = models.BigIntegerField()
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "header_index"], name="layout_of_header")]

    def __str__(self) -> str:
        return f"import layout {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """For those who import."""
        return models.Q(pk__in=[])


class ImportChange(TenantModel):
    """What an import changes of one customer, before and after: shown by the trial, and kept to take it back.

    Entered customers have none unless they could not be taken back, which it then says.
    """

    customer_import = TenantForeignKey(CustomerImport, on_delete=models.CASCADE, related_name="changed")
    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    line = models.PositiveIntegerField()
    # names of facts and of columns beside them, with their values in ``before`` and ``after``
    attributes = models.JSONField(default=list)
    before = EncryptedJSONField(person="customer_id")
    after = EncryptedJSONField(person="customer_id")
    # the customer's fingerprint of the row before
    source_hash = models.BinaryField(max_length=32, null=True)
    is_undone = models.BooleanField(default=False)
    # why it was not taken back: a code of customers.wording
    refusal = models.CharField(max_length=40, blank=True)
    refused_for = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "customer_import", "customer"], name="import_change_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "customer_import", "line"], name="import_change_by_line"),
            models.Index(fields=["tenant", "customer"], name="import_change_by_customer"),
        ]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.customer_import_id} on customer {self.customer_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """For those who see every import."""
        return models.Q(pk__in=[])


class ImportChunk(TenantModel):
    """A piece of an uploaded file, sealed, in order; destroyed when the import settles."""

    customer_import = TenantForeignKey(CustomerImport, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    body = EncryptedBinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "customer_import", "position"], name="chunk_position")]

    def __str__(self) -> str:
        return f"chunk {self.position} of import {self.customer_import_id}"


class RejectedRow(TenantModel):
    """A row of the file that was not taken, with the place and the reason; never dropped in silence."""

    customer_import = TenantForeignKey(CustomerImport, on_delete=models.CASCADE, related_name="rejected_rows")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=40)
    params = EncryptedJSONField()
    original = EncryptedJSONField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer_import", "line"], name="rejected_by_line")]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.customer_import_id}: {self.code}"
