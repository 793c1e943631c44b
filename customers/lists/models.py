"""Versions of an institution's lists, and the drafts that become them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.drafts import Draft, published_by_two
from tenants.models import TenantModel
from tenants.pairing import person_field
from tenants.reach import Reach


class CodeList(TenantModel):
    """One version of a list, never changed. The newest of a key is in force; before the first, the product's own is."""

    # of a list of the product's, the key of the fact whose codes it has
    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    # as customers.lists.content has it
    document: Any = models.JSONField()
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key", "number"], name="code_list_version")]

    def __str__(self) -> str:
        return f"version {self.number} of list {self.key}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """What the institution lets people choose from is no secret from its staff."""
        return models.Q(pk__in=[]) if reach.is_operator else None


class CodeListDraft(Draft):
    """A version being written: in force once a second person has approved it."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        PROPOSED = "PROPOSED", _("To be approved")
        APPROVED = "APPROVED", _("Approved and published")
        DISCARDED = "DISCARDED", _("Thrown away")

    TRANSITIONS = {
        Status.DRAFT: {Status.PROPOSED, Status.DISCARDED},
        Status.PROPOSED: {Status.APPROVED, Status.DRAFT},
    }

    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    key = models.CharField(max_length=40)
    proposed_by = models.BigIntegerField(null=True, blank=True)
    proposed_person = person_field()
    proposed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"],
                name="code_list_being_written",
                condition=models.Q(status__in=["DRAFT", "PROPOSED"]),
            ),
            *published_by_two("code_list_draft", asked="proposed"),
        ]

    def __str__(self) -> str:
        return f"draft of list {self.key}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """As the list."""
        return models.Q(pk__in=[]) if reach.is_operator else None
