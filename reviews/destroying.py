"""What retention may destroy of cases: all of them with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from retention.classes import register_eraser
from reviews.models import Case, Decision, Discrepancy


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every case of customers, with what differed and what was decided."""
    Decision.objects.filter(case__customer__in=ids).delete()
    Discrepancy.objects.filter(case__customer__in=ids).delete()
    Case.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(30, erase_customers)
