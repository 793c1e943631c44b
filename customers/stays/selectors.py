"""Reading stays that have ended."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from customers.models import Customer
from customers.stays.models import EndedStay
from tenants.keyset import Page, keyset_page

_STATUS = EndedStay.Status


def open_stays() -> QuerySet[EndedStay]:
    """Those that wait, as far as they are still so: what was corrected today is settled in the night."""
    rows: QuerySet[EndedStay] = EndedStay.objects.filter(
        Q(customer__status=Customer.Status.ACTIVE, customer__stay_ends_on=F("ended_on")), status=_STATUS.OPEN
    )
    return rows


def stay_page(*, status: str = "", cursor: str | None = None) -> Page[EndedStay]:
    """By the day on which they ended, the latest first; with a status, those alone."""
    rows = open_stays() if status == _STATUS.OPEN else EndedStay.objects.all()
    if status:
        rows = rows.filter(status=status)
    return keyset_page(rows.select_related("customer"), order=("-ended_on", "-id"), cursor=cursor)
