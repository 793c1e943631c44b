"""The merging of two customers into one, from the proposal to its taking back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from customers.models import Customer
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field
from tenants.proposals import by_two_people
from tenants.reach import Reach


class CustomerMerge(Stateful, TenantModel):
    """That one customer is to go on in another's place, and what that changed."""

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", _("Proposed")
        APPROVED = "APPROVED", _("Merged")
        REJECTED = "REJECTED", _("Rejected")
        REVERSED = "REVERSED", _("Taken back")

    TRANSITIONS: ClassVar = {
        Status.PROPOSED: {Status.APPROVED, Status.REJECTED},
        Status.APPROVED: {Status.REVERSED},
    }

    survivor = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    merged = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=8, choices=Status, default=Status.PROPOSED)
    # what the survivor takes over: the leaders of `customers.merging.comparing.Row`
    taken = models.JSONField(default=list)
    # keyed hash of all that is known of both, so that nothing is approved that has changed since it was proposed
    seen = models.BinaryField(max_length=16)
    reason = EncryptedTextField(person="survivor_id")
    # the survivor's attributes that became others, with what they were and what they became
    before = EncryptedJSONField(person="survivor_id", null=True)
    after = EncryptedJSONField(person="survivor_id", null=True)
    # the rows of related parties that the survivor was given
    parties = models.JSONField(default=list)
    proposed_by = models.BigIntegerField()
    proposed_person = person_field()
    proposed_at = models.DateTimeField()
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.BigIntegerField(null=True, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)
    reversed_by = models.BigIntegerField(null=True, blank=True)
    reversed_at = models.DateTimeField(null=True, blank=True)
    reversed_for = EncryptedTextField(person="survivor_id", null=True)
    # Whether the survivor is found by the names of the merged; not so in merges from before that was.
    is_findable = models.BooleanField(default=True, db_default=False)

    class Meta:
        constraints = [
            *by_two_people("merge"),
            models.UniqueConstraint(
                fields=["tenant", "merged"], condition=Q(status__in=["PROPOSED", "APPROVED"]), name="merge_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "survivor"], condition=Q(status="PROPOSED"), name="merge_proposed_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "-proposed_at", "-id"], name="merge_queue")]

    def __str__(self) -> str:
        return f"customer {self.merged_id} into {self.survivor_id}"

    @classmethod
    def within(cls, reach: Reach) -> Q:
        """Those of whom both belong to the branches."""
        return Q(survivor__branch_code__in=reach.branches, merged__branch_code__in=reach.branches)
