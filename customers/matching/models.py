"""Two customers who may be one, and what somebody has said about them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.matching.rules import Reason
from customers.models import Customer
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach


class MatchCandidate(Stateful, TenantModel):
    """Two customers who share enough to be looked at, once for each pair; never a decision by itself."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("To be looked at")
        DIFFERENT = "DIFFERENT", _("Not the same")
        HOUSEHOLD = "HOUSEHOLD", _("Same household")
        GONE = "GONE", _("No longer alike")
        MERGED = "MERGED", _("Merged")

    class Strength(models.IntegerChoices):
        POSSIBLE = 1, _("Possible")
        LIKELY = 2, _("Likely")
        VERY_LIKELY = 3, _("Very likely")

    TRANSITIONS: ClassVar = {
        Status.OPEN: {Status.DIFFERENT, Status.HOUSEHOLD, Status.GONE, Status.MERGED},
        Status.DIFFERENT: {Status.OPEN},
        Status.HOUSEHOLD: {Status.OPEN},
        Status.GONE: {Status.OPEN},
        Status.MERGED: {Status.OPEN},
    }

    # The one that was entered earlier comes first, so that a pair has one row.
    first = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    second = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    # `customers.matching.rules.Reason`, as bits
    reasons = models.PositiveSmallIntegerField()
    strength = models.PositiveSmallIntegerField(choices=Strength)
    found_at = models.DateTimeField()
    decided_by = models.BigIntegerField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "first", "second"], name="match_pair"),
            models.CheckConstraint(
                condition=Q(status__in=["OPEN", "GONE"]) | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="match_decided",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "-strength", "id"], name="match_queue")]

    def __str__(self) -> str:
        return f"customers {self.first_id} and {self.second_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of whom both belong to the branches."""
        return models.Q(first__branch_code__in=reach.branches, second__branch_code__in=reach.branches)

    @property
    def why(self) -> Reason:
        """What the two share."""
        return Reason(self.reasons)
