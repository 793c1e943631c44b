"""A change of an account that one person asks for and another lets through."""

from __future__ import annotations

from django.db import models

from channels.models import ProviderAccount
from tenants.fields import EncryptedJSONField
from tenants.models import TenantForeignKey
from tenants.proposals import Proposal, by_two_people


class AccountChange(Proposal):
    """New settings of an account that decide where messages go, as whose, or what they say. Never changed."""

    account = TenantForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="changes")
    options = models.JSONField(default=dict)  # name -> value; null: as if never entered
    # what was entered of credentials; gone as soon as somebody has decided
    credentials = EncryptedJSONField(null=True)
    credential_names = models.JSONField(default=list)

    class Meta:
        constraints = [
            *by_two_people("account_change"),
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
