"""Reading pick-ups: the sources, and the journal of their files."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from customers.models import CustomerImport
from integrations.pickups.models import PickedFile, PickupSource
from tenants.keyset import Page, keyset_page

_UNDECIDED = (CustomerImport.Status.DRAFT, CustomerImport.Status.CHECKED)
_HANDED_OVER = (PickedFile.Status.TAKEN, PickedFile.Status.HELD)


def sources() -> list[PickupSource]:
    """All of them, by name."""
    return list(PickupSource.objects.select_related("layout").order_by("name"))


def undecided_by_source() -> Mapping[UUID, int]:
    """How many fetched files of each source wait for a person."""
    waiting = _undecided().values_list("source_id").annotate(Count("id")).order_by()
    return dict(waiting)


def journal_page(source: PickupSource, *, cursor: str | None) -> Page[PickedFile]:
    """The files of a source, newest first, with their imports."""
    files = PickedFile.objects.filter(source=source).select_related("customer_import")
    return keyset_page(files, order=("-seen_at", "-id"), cursor=cursor)


def troubled_count() -> int:
    """Sources that cannot be reached, or whose file did not come."""
    troubled = ~Q(failure_code="") | Q(missing_since__isnull=False)
    return int(PickupSource.objects.filter(troubled, status=PickupSource.Status.ACTIVE).count())


def undecided_count() -> int:
    """Fetched files that wait for a person."""
    return int(_undecided().count())


def awaiting_approval_count() -> int:
    """Sources that are to take files in by themselves, once a second person agrees."""
    return int(PickupSource.objects.filter(takes_in=True, approved_by__isnull=True).count())


def _undecided() -> QuerySet[PickedFile]:
    found: QuerySet[PickedFile] = PickedFile.objects.filter(
        status__in=_HANDED_OVER, customer_import__status__in=_UNDECIDED
    )
    return found
