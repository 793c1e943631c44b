"""A tenant's access to gBizINFO, and what was answered about each of its companies."""

from __future__ import annotations

from datetime import date

from django.db import models

from customers.models import Customer
from tenants.fields import EncryptedJSONField, EncryptedTextField
from tenants.models import TenantForeignKey, TenantModel
from tenants.reach import Reach

USUAL_MOST = 200


class GbizAccess(TenantModel):
    """The tenant's own token, sealed, and how many questions it allows itself in a day."""

    token = EncryptedTextField(null=True)
    most_a_day = models.PositiveIntegerField(default=USUAL_MOST)
    set_by = models.BigIntegerField()
    set_at = models.DateTimeField()
    # questions of one day of Japan
    counted_on = models.DateField(null=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="gbiz_access_once")]

    def __str__(self) -> str:
        return "access to gBizINFO"

    def count_on(self, day: date) -> int:
        """How many questions were asked that day."""
        return self.count if self.counted_on == day else 0


class GbizAnswer(TenantModel):
    """The last answer about a customer. The file is not changed by it; a person takes over what is right."""

    customer = TenantForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    number = models.CharField(max_length=13)
    asked_by = models.BigIntegerField()
    asked_at = models.DateTimeField()
    # by keys of companies.gbiz.selectors; null where gBizINFO does not know the number
    said = EncryptedJSONField(person="customer_id", null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "customer"], name="gbiz_answer_once")]

    def __str__(self) -> str:
        return f"answer of gBizINFO about customer {self.customer_id}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """About customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)
