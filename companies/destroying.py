"""What retention may destroy of company news: all of it with the customer. The register itself is about nobody's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from companies.models import CompanyNews
from retention.classes import register_eraser

_LAYER = 20


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every piece of news about customers."""
    CompanyNews.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(_LAYER, erase_customers)
