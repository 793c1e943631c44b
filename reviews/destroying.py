"""What retention may destroy of cases: all of them with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from retention.classes import register_eraser
from reviews.models import Case, Decision, Discrepancy
from uploads.models import Upload


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every case of customers, with its documents, what differed and what was decided."""
    cases = Case.objects.filter(customer__in=ids).values("pk")
    Upload.objects.filter(purpose=Upload.Purpose.CASE_DOCUMENT, reference__in=cases).delete()
    Decision.objects.filter(case__customer__in=ids).delete()
    Discrepancy.objects.filter(case__customer__in=ids).delete()
    Case.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(30, erase_customers)
