"""The institution's products, and the accounts of customers as far as they are found, counted and filtered."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantForeignKey, TenantModel, tenant_of_many
from tenants.reach import Reach


class Product(TenantModel):
    """One product of the institution's own list, by the code that its files have; never deleted."""

    class Kind(models.TextChoices):
        ORDINARY = "ORDINARY", _("Ordinary deposit")
        CURRENT = "CURRENT", _("Current account")
        TIME = "TIME", _("Time deposit")
        SAVINGS = "SAVINGS", _("Savings deposit")
        FOREIGN = "FOREIGN", _("Deposit in a foreign currency")
        LOAN = "LOAN", _("Loan")
        CARD = "CARD", _("Card")
        SECURITIES = "SECURITIES", _("Securities and funds")
        OTHER = "OTHER", _("Other product")

    code = models.CharField(max_length=12)
    name_ja = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind)
    # whether it is offered where somebody enters an account; files may always name it
    is_in_use = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="product_code")]

    def __str__(self) -> str:
        return f"product {self.code}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """What the institution sells is no secret from its staff."""
        return models.Q(pk__in=[]) if reach.is_operator else None


class CustomerAccount(TenantModel):
    """One account of a customer, as it is found by its number, counted and filtered.

    What is on file is the customer's fact `accounts`, sealed with the customer's key and with a history; these rows
    follow from it. The number stands here as a blind index alone.
    """

    # The customer's own tenant vouches for it, as for the contact points.
    tenant = tenant_of_many(db_constraint=False)
    customer = TenantForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="account_rows", db_index=False
    )
    number_index = models.BinaryField(max_length=16)
    branch_code = models.CharField(max_length=8, blank=True, default="")
    product_code = models.CharField(max_length=12, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    opened_on = models.DateField(null=True, blank=True)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "branch_code", "number_index"], name="account_of_customer_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "number_index"], name="account_by_number")]

    def __str__(self) -> str:
        return f"account {self.pk}"

    @classmethod
    def within(cls, reach: Reach) -> models.Q:
        """Those of customers of the branches."""
        return models.Q(customer__branch_code__in=reach.branches)
