"""A change of an account that one person asks for and another lets through."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.transitions import Stateful
from channels.models import ProviderAccount
from tenants.fields import EncryptedJSONField
from tenants.models import TenantForeignKey, TenantModel
from tenants.pairing import person_field, two_people


class AccountChange(Stateful, TenantModel):
    """New settings of an account that decide where messages go, as whose, or what they say. Never changed."""

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", _("Proposed")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")

    TRANSITIONS = {Status.PROPOSED: {Status.APPROVED, Status.REJECTED}}

    account = TenantForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="changes")
    status = models.CharField(max_length=8, choices=Status, default=Status.PROPOSED)
    options = models.JSONField(default=dict)  # name -> value; null: as if never entered
    # what was entered of credentials; gone as soon as somebody has decided
    credentials = EncryptedJSONField(null=True)
    credential_names = models.JSONField(default=list)
    proposed_by = models.BigIntegerField()
    proposed_person = person_field()
    proposed_at = models.DateTimeField()
    approved_by = models.BigIntegerField(null=True, blank=True)
    approved_person = person_field()
    approved_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.BigIntegerField(null=True, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            two_people("account_change_four_eyes", first=("proposed",), second="approved"),
            models.CheckConstraint(
                condition=~models.Q(status="APPROVED") | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="account_change_approved",
            ),
            models.UniqueConstraint(
                fields=["tenant", "account"], condition=models.Q(status="PROPOSED"), name="one_open_account_change"
            ),
        ]

    def __str__(self) -> str:
        return f"change {self.pk} of account {self.account_id}"

    @property
    def names(self) -> list[str]:
        """What changes: names of options and credentials, never a value."""
        return sorted([*self.options, *self.credential_names])
