"""A segment, kept."""

from __future__ import annotations

from django.db import models

from tenants.models import TenantModel
from tenants.reach import Reach


class Segment(TenantModel):
    """Conditions on the customer file under a name: one person's own, or the whole institution's."""

    name = models.CharField(max_length=60)
    # as `customers.segments.conditions` says
    document = models.JSONField()
    # an account, whoever it belongs to later
    owner = models.BigIntegerField()
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "owner"], name="segment_by_owner")]

    def __str__(self) -> str:
        return f"segment {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Their own and the shared ones; what they count and find is narrowed at the customers."""
        return models.Q(pk__in=[]) if reach.is_operator else models.Q(owner=reach.user_id) | models.Q(is_shared=True)
