"""How an institution looks to its customers, version by version."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.proposals import Proposal, by_two_people

# What a version has in common with the tenant, on whose row the one in force is kept, so that no page looks it up.
SHOWN = (
    "name",
    "name_en",
    "name_kana",
    "phone",
    "phone_hours",
    "official_site",
    "brand_colour",
    "brand_words",
    "short_mark",
    "mark_digest",
)


class Branding(Proposal):
    """One version of the look: written and looked at, then proposed by one person and let by another."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Being written")
        PROPOSED = "PROPOSED", _("Proposed")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")

    TRANSITIONS: ClassVar = {
        Status.DRAFT: {Status.PROPOSED, Status.REJECTED},
        Status.PROPOSED: {Status.APPROVED, Status.REJECTED},
    }

    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    number = models.PositiveIntegerField(default=0)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    name_kana = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=20)
    phone_hours = models.CharField(max_length=80)
    official_site = models.URLField()
    brand_colour = models.CharField(max_length=7)
    brand_words = models.CharField(max_length=7)
    short_mark = models.CharField(max_length=2, blank=True)
    # a PNG of our own making, shown instead of the short mark; and what its address says of it
    mark = models.BinaryField(null=True)
    mark_digest = models.CharField(max_length=16, blank=True, default="")

    class Meta:
        constraints = [
            *by_two_people("branding"),
            models.UniqueConstraint(fields=["tenant", "number"], name="branding_number"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(status__in=["DRAFT", "PROPOSED"]), name="one_open_branding"
            ),
            models.CheckConstraint(
                condition=models.Q(mark__isnull=True, mark_digest="")
                | (models.Q(mark__isnull=False) & ~models.Q(mark_digest="")),
                name="branding_mark_has_its_digest",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "mark_digest"], name="branding_by_mark")]

    def __str__(self) -> str:
        return f"branding {self.pk}"
