"""Risk policies in versions, and the dated ratings they gave."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer, DueDiligence, RiskTier
from tenants.models import TenantForeignKey, TenantModel
from tenants.proposals import Proposal, by_two_people
from tenants.reach import Reach


class RiskPolicy(Stateful, TenantModel):
    """One version of the rules. Immutable once published; ratings name the version that gave them."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        PUBLISHED = "PUBLISHED", _("Published")
        RETIRED = "RETIRED", _("Retired")

    TRANSITIONS = {
        Status.DRAFT: {Status.PUBLISHED},
        Status.PUBLISHED: {Status.RETIRED},
    }

    version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version"], name="risk_policy_version"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(status="PUBLISHED"), name="one_published_risk_policy"
            ),
        ]

    def __str__(self) -> str:
        return f"risk policy version {self.version}"


class PolicyDraft(Proposal):
    """A version of the rules that one person proposed; published by the worker once another approved it."""

    document = models.JSONField()
    # the version in force when it was made; it is published in the place of no other
    based_on = models.PositiveIntegerField()
    # the codes of the factors that it adds
    added = models.JSONField(default=list)
    # the version that became of it; 0: it could not be published any more
    published_version = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            *by_two_people("policy_draft"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(status="PROPOSED"), name="one_open_policy_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"policy draft {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """For those who see the whole institution."""
        return models.Q(pk__in=[])


class RiskRating(TenantModel):
    """What a policy said of a customer on a day, and why."""

    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="ratings")
    policy = TenantForeignKey(RiskPolicy, on_delete=models.PROTECT, related_name="+")
    tier = models.CharField(max_length=6, choices=RiskTier)
    due_diligence = models.CharField(max_length=10, choices=DueDiligence)
    points = models.IntegerField()
    reasons = models.JSONField(default=list)  # factor codes that hit, in the policy's order
    unknown = models.JSONField(default=list)  # factor codes that could not be judged
    inputs = models.JSONField(default=dict)  # non-identifying inputs as they were
    rated_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer", "-rated_at"], name="rating_by_customer")]

    def __str__(self) -> str:
        return f"{self.tier} for customer {self.customer_id}"
