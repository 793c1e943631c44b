"""What retention may destroy of risk ratings: all of them with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from retention.classes import register_eraser
from risk.models import RiskRating


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every rating of customers."""
    RiskRating.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(20, erase_customers)
