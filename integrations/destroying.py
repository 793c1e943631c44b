"""What goes with a customer: where their changes went back, and every kept file in which they may stand."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from integrations.models import ReturnedChange, ReturnPiece
from retention.classes import register_eraser


def erase_customers(ids: Sequence[UUID]) -> None:
    """The entries of customers, and the return files that hold them; what the files were stays in their numbers."""
    mine = ReturnedChange.objects.filter(customer__in=ids)
    ReturnPiece.objects.filter(batch__in=mine.values("batch")).delete()
    mine.delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(50, erase_customers)
