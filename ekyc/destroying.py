"""What retention may destroy of identity verifications: what providers told us, and all of it with the customer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from ekyc.models import EkycEvent, Verification
from retention.classes import register_class, register_eraser
from retention.reports import reports

_LAYER = 20


def erase_customers(ids: Sequence[UUID]) -> None:
    """Every verification of customers."""
    Verification.objects.filter(customer__in=ids).delete()


def register() -> None:
    """Called when the apps are ready."""
    register_eraser(_LAYER, erase_customers)
    title = _("Raw reports of eKYC providers, with what they show of documents")
    register_class(reports(EkycEvent, code="ekyc_reports", title=title))
