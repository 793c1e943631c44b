"""Reading pairs that look alike: the queue, those of one customer, and who lives or is reached at the same place."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.db.models import Q

from customers.matching.models import MatchCandidate
from customers.models import ContactPoint, Customer
from tenants.keyset import Page, keyset_page

_PLACES = (ContactPoint.Channel.PHONE, ContactPoint.Channel.POST)


def match_page(*, status: str, cursor: str | None = None) -> Page[MatchCandidate]:
    """Pairs of one status with their customers, the likeliest first, then in the order they were found."""
    rows = MatchCandidate.objects.filter(status=status).select_related("first", "second")
    return keyset_page(rows, order=("-strength", "id"), cursor=cursor)


def matches_of(customer: Customer) -> list[MatchCandidate]:
    """The pairs a customer belongs to that wait or were judged, the likeliest first."""
    rows = MatchCandidate.objects.filter(Q(first=customer) | Q(second=customer))
    done = (MatchCandidate.Status.GONE, MatchCandidate.Status.MERGED)
    shown = rows.exclude(status__in=done).select_related("first", "second")
    return list(shown.order_by("-strength", "id"))


def at_the_same_place(customer: Customer, *, limit: int = 20) -> list[tuple[Customer, list[str]]]:
    """Other customers with the telephone number or postal address of this one, and the channels they share.

    The household, or the firm and who runs it. Two queries by index, and one for the customers.
    """
    mine = ContactPoint.objects.filter(customer=customer, is_current=True, channel__in=_PLACES)
    values = list(mine.values_list("value_index", flat=True))
    same = ContactPoint.objects.filter(value_index__in=values, is_current=True, channel__in=_PLACES)
    shared: dict[UUID, set[str]] = defaultdict(set)
    rows = same.exclude(customer=customer).order_by("customer_id").values_list("customer_id", "channel")
    for customer_id, channel in rows[: limit * len(_PLACES)]:
        shared[customer_id].add(channel)
    others = Customer.objects.filter(pk__in=list(shared), merged_into__isnull=True).order_by("pk")[:limit]
    return [(other, sorted(shared[other.pk])) for other in others]
