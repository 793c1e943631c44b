"""What one person proposes and another approves or rejects, once: the columns that all such tables have."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from tenants.models import TenantModel
from tenants.pairing import person_field, two_people


class Proposal(Stateful, TenantModel):
    """Its table has `by_two_people` among its constraints."""

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", _("Proposed")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")

    TRANSITIONS: ClassVar = {Status.PROPOSED: {Status.APPROVED, Status.REJECTED}}

    status = models.CharField(max_length=8, choices=Status, default=Status.PROPOSED)
    proposed_by = models.BigIntegerField()
    proposed_person = person_field()
    proposed_at = models.DateTimeField()
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.BigIntegerField(null=True, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def acts(self) -> list[tuple[int | None, str]]:
        """Who proposed it, as (account, staff number)."""
        return [(self.proposed_by, self.proposed_person)]


def by_two_people(name: str) -> list[models.BaseConstraint]:
    """The constraints that whoever approved is not whoever proposed, and is known."""
    is_signed = Q(approved_by__isnull=False, approved_at__isnull=False)
    return [
        two_people(f"{name}_four_eyes", first=("proposed",), second="approved"),
        models.CheckConstraint(condition=~Q(status="APPROVED") | is_signed, name=f"{name}_approved"),
    ]
