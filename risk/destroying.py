"""What retention may destroy of risk ratings: all of them with the customer, and single values that they read."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from customers.facts.forgetting import Keys, register_forgetter
from retention.classes import register_eraser
from risk.models import RiskRating


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every rating of customers."""
    RiskRating.objects.filter(customer__in=ids).delete()


def forget_values(keys: Keys) -> None:
    """What ratings read; tier, points and reasons stay."""
    for rating in RiskRating.objects.filter(customer__in=list(keys)).only("customer", "inputs", "tenant"):
        kept = {name: value for name, value in rating.inputs.items() if name not in keys[rating.customer_id]}
        if kept != rating.inputs:
            rating.inputs = kept
            rating.save(update_fields=["inputs"])


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(20, erase_customers)
    register_forgetter(forget_values)
