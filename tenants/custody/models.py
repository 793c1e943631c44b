"""The keys of customers, in the keys' database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from tenants.managers import TenantManager


class PersonKey(models.Model):
    """One customer's key, wrapped by the tenant's; what is left of a destroyed key is that there was one.

    The mark stays so that nobody makes the person a new key, and so that a destroyed key is told from a lost one.
    """

    pk = models.CompositePrimaryKey("tenant_id", "person_id")
    # No foreign keys: tenants and customers live in another database.
    tenant_id = models.BigIntegerField()
    person_id = models.UUIDField()
    key_version = models.PositiveSmallIntegerField(help_text="Which version of the tenant's key wraps it.")
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    destroyed_at = models.DateTimeField(null=True)

    objects: ClassVar[TenantManager[Any]] = TenantManager()

    class Meta:
        db_table = "tenants_personkey"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(wrapped__isnull=True) ^ models.Q(destroyed_at__isnull=True),
                name="person_key_held_or_destroyed",
            )
        ]

    def __str__(self) -> str:
        return f"key of person {self.person_id}"
