"""Cases that need judgement, how answers differ from the file, and decisions with two pairs of eyes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer, RiskTier
from ekyc.models import Verification
from questionnaires.models import Response
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import Grant, TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people
from tenants.reach import Reach


class Case(Stateful, TenantModel):
    """One customer's answers, to be judged against the file."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("To be decided")
        AWAITING_APPROVAL = "AWAITING_APPROVAL", _("To be approved")
        CLEARED = "CLEARED", _("Cleared by rule")
        CLOSED = "CLOSED", _("Closed")

    TRANSITIONS = {
        Status.OPEN: {Status.AWAITING_APPROVAL, Status.CLEARED},
        Status.AWAITING_APPROVAL: {Status.OPEN, Status.CLOSED},
    }

    customer = TenantForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    response = TenantForeignKey(Response, on_delete=models.PROTECT, related_name="+")
    verification = TenantForeignKey(Verification, on_delete=models.PROTECT, null=True, related_name="+")
    reference = models.UUIDField()
    status = models.CharField(max_length=20, choices=Status, default=Status.OPEN)
    tier = models.CharField(max_length=6, choices=RiskTier)
    cleared_by_rule = models.CharField(max_length=40, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "reference"], name="case_reference")]
        indexes = [models.Index(fields=["tenant", "status", "opened_at", "id"], name="case_queue")]

    def __str__(self) -> str:
        return f"case {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of the branches, and those of the queues that were given."""
        seen = models.Q(customer__branch_code__in=reach.branches)
        given = reach.granted(QueueGrant)
        for queue in CaseQueue.objects.filter(pk__in=given) if given else ():
            seen |= queue.holds()
        return seen


class CaseQueue(TenantModel):
    """The cases of one tier, one branch or both, as somebody's work: what a contractor is given."""

    name = models.CharField(max_length=40)
    tier = models.CharField(max_length=6, choices=RiskTier, blank=True)
    branch_code = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="queue_name"),
            models.CheckConstraint(
                condition=~models.Q(tier="") | ~models.Q(branch_code=""), name="queue_is_not_everything"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def holds(self) -> models.Q:
        """The cases in it."""
        held = models.Q(tier=self.tier) if self.tier else models.Q()
        return held & models.Q(customer__branch_code=self.branch_code) if self.branch_code else held


class QueueGrant(Grant):
    """That a member works on one queue."""

    content_object = TenantForeignKey(CaseQueue, on_delete=models.CASCADE)

    class Meta:
        verbose_name = _("Review queue")
        constraints = [models.UniqueConstraint(fields=["tenant", "user", "content_object"], name="queue_grant")]


class Discrepancy(TenantModel):
    """One answer that disagrees with the file."""

    class Kind(models.TextChoices):
        CHANGED = "CHANGED", _("Changed")
        ADDED = "ADDED", _("Added")
        REMOVED = "REMOVED", _("No longer given")
        IDENTITY = "IDENTITY", _("Identity")

    class Severity(models.TextChoices):
        INFO = "INFO", _("For information")
        NORMAL = "NORMAL", _("To be checked")
        SERIOUS = "SERIOUS", _("Bears on risk")

    case = TenantForeignKey(Case, on_delete=models.CASCADE, related_name="discrepancies")
    attribute = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=Kind)
    severity = models.CharField(max_length=8, choices=Severity)
    on_file = EncryptedJSONField(person="case.customer_id", null=True)
    answered = EncryptedJSONField(person="case.customer_id", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "case", "attribute", "kind"], name="discrepancy_once")]

    def __str__(self) -> str:
        return f"{self.attribute} in case {self.case_id}"


class Decision(Stateful, TenantModel):
    """What one officer decided and why, and what a second person made of it."""

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", _("Proposed")
        APPROVED = "APPROVED", _("Approved")
        RETURNED = "RETURNED", _("Sent back")

    class Outcome(models.TextChoices):
        UPDATE_FILE = "UPDATE_FILE", _("Update the file")
        KEEP_FILE = "KEEP_FILE", _("Keep the file")

    TRANSITIONS = {Status.PROPOSED: {Status.APPROVED, Status.RETURNED}}

    case = TenantForeignKey(Case, on_delete=models.CASCADE, related_name="decisions")
    status = models.CharField(max_length=10, choices=Status, default=Status.PROPOSED)
    outcome = models.CharField(max_length=12, choices=Outcome)
    accepted_attributes = models.JSONField(default=list)
    rationale = EncryptedTextField(person="case.customer_id")
    content_hash = models.CharField(max_length=64)
    decided_by = models.BigIntegerField()
    decided_person = person_field()
    decided_at = models.DateTimeField()
    checked_by = models.BigIntegerField(null=True, blank=True)
    checked_person = person_field()
    checked_at = models.DateTimeField(null=True, blank=True)
    check_comment = EncryptedTextField(person="case.customer_id", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "case"], condition=models.Q(status="PROPOSED"), name="one_open_decision"
            ),
            two_people("decision_four_eyes", first=("decided",), second="checked"),
            models.CheckConstraint(
                condition=models.Q(status="PROPOSED", checked_by__isnull=True, checked_at__isnull=True)
                | models.Q(status__in=["APPROVED", "RETURNED"], checked_by__isnull=False, checked_at__isnull=False),
                name="decision_checked",
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"
