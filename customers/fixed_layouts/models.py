"""A fixed-length layout, kept."""

from __future__ import annotations

from django.db import models

from tenants.models import TenantModel
from tenants.reach import Reach


class FixedLayout(TenantModel):
    """Where each value stands in the records of one kind of file, as `customers.formats.fixed` says."""

    name = models.CharField(max_length=60)
    document = models.JSONField()
    set_by = models.BigIntegerField()
    set_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="fixed_layout_name")]

    def __str__(self) -> str:
        return f"fixed-length layout {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """For those who import."""
        return models.Q(pk__in=[])
