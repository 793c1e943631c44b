"""By what customers are found when only a part of their name is known."""

from __future__ import annotations

from django.db import models

from tenants.models import TenantModel, tenant_of_many


class NamePart(TenantModel):
    """Two neighbouring characters of names, hashed, and who has them among the customers entered in one moment.

    Refers to customers by their ids alone, so that a book of 2,000 costs some thousand rows and not ten times as many.
    """

    tenant = tenant_of_many(db_constraint=False)
    # 64 bits of a keyed hash: enough to find by, and what is found is verified.
    token = models.BigIntegerField()
    # Milliseconds since 1970 UTC, from the customers' own ids: by which a customer is taken out again.
    moment = models.BigIntegerField()
    # 16 bytes an id
    customers = models.BinaryField()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "token"], name="part_by_token"),
            models.Index(fields=["tenant", "moment"], name="part_by_moment"),
        ]

    def __str__(self) -> str:
        return f"name part {self.pk}"
