"""Reading merges: the queue, what a customer was merged into, and everybody who was merged into a customer."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from customers.merging.models import CustomerMerge
from customers.models import Customer
from tenants.keyset import Page, keyset_page


def merge_page(*, status: str, cursor: str | None = None) -> Page[CustomerMerge]:
    """Merges of one status with their customers, the latest first."""
    rows = CustomerMerge.objects.filter(status=status).select_related("survivor", "merged")
    return keyset_page(rows, order=("-proposed_at", "-id"), cursor=cursor)


def proposed_of(first: UUID, second: UUID) -> CustomerMerge | None:
    """The proposal that waits and names either customer."""
    either = Q(survivor__in=(first, second)) | Q(merged__in=(first, second))
    found: CustomerMerge | None = CustomerMerge.objects.filter(either, status=CustomerMerge.Status.PROPOSED).first()
    return found


def merge_of(customer: Customer) -> CustomerMerge | None:
    """The merge by which a customer is part of another now."""
    rows = CustomerMerge.objects.filter(merged=customer, status=CustomerMerge.Status.APPROVED)
    found: CustomerMerge | None = rows.select_related("survivor").first()
    return found


def merges_into(customer: Customer) -> list[CustomerMerge]:
    """The merges that stand and made others part of this customer directly, the latest first."""
    rows = CustomerMerge.objects.filter(survivor=customer, status=CustomerMerge.Status.APPROVED)
    return list(rows.select_related("merged").order_by("-approved_at", "-pk"))
