"""What retention may destroy of campaigns: the periodic reviews of a customer with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from campaigns.models import PeriodicReview, ResendItem
from retention.classes import register_eraser


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every periodic review of customers, and what was proposed for them; the campaign keeps its counts."""
    ResendItem.objects.filter(attempt__notice__customer__in=ids).delete()
    PeriodicReview.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(40, erase_customers)
