"""Reads of what was told of customers' circumstances."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db.models import Max, QuerySet

from outreach.claims.models import Claim
from outreach.claims.rules import QUIET
from tenants.keyset import Page, keyset_page
from tenants.reach import within_reach

_OPEN = Claim.Status.OPEN


def claim_page(*, is_open: bool, kind: str = "", cursor: str | None = None) -> Page[Claim]:
    """What is to be looked into, the earliest due first; or what was, the latest first."""
    rows = Claim.objects.select_related("customer")
    rows = rows.filter(status=_OPEN) if is_open else rows.exclude(status=_OPEN)
    rows = rows.filter(kind=kind) if kind else rows
    return keyset_page(rows, order=("due_on", "id") if is_open else ("-decided_at", "-id"), cursor=cursor)


def find_claim(claim_id: UUID) -> Claim:
    """One of them with its customer.

    Raises:
        Claim.DoesNotExist: the tenant has no such one, or the member does not see it.
    """
    found: Claim = Claim.objects.select_related("customer").get(pk=claim_id)
    return found


def open_count() -> int:
    """How many nobody has looked into."""
    return int(Claim.objects.filter(status=_OPEN).count())


def overdue_count(*, today: date) -> int:
    """How many of these should have been looked into before today."""
    return int(Claim.objects.filter(status=_OPEN, due_on__lt=today).count())


def quiet_claims(*, now: datetime) -> QuerySet[Claim]:
    """Those because of which nobody reminds or calls; for conditions on customers."""
    found: QuerySet[Claim] = Claim.objects.filter(status=_OPEN, kind__in=QUIET, quiet_until__gt=now)
    return found


def quiet_until(customer_ids: Collection[UUID], *, now: datetime) -> dict[UUID, datetime]:
    """Until when these customers are left alone because of what was told of them. One query."""
    rows = quiet_claims(now=now).filter(customer__in=list(customer_ids)).order_by()
    return dict(rows.values_list("customer_id").annotate(Max("quiet_until")))


def open_kinds(customer_id: UUID) -> list[Claim.Kind]:
    """What is told of a customer and not looked into yet: for whoever is about to call, whatever else they see."""
    with within_reach(None):
        kinds = set(Claim.objects.filter(customer=customer_id, status=_OPEN).values_list("kind", flat=True))
    return [kind for kind in Claim.Kind if kind in kinds]
