"""Finding customers by how well they can be reached: the rule of `customers.contacts.reachability` as a query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from customers.contacts.health import DEAD, Health
from customers.contacts.reachability import FRESH, Band
from customers.models import ContactPoint
from retention.expiring import JAPAN


def reachable(bands: Collection[str], today: date) -> Q:
    """Customers whose score lies in one of these bands on a day in Japan; the best address alone decides."""
    alive = ContactPoint.objects.filter(customer=OuterRef("pk"), is_current=True).exclude(health__in=DEAD)
    reached = alive.filter(health=Health.VERIFIED)
    since = datetime.combine(today - timedelta(days=FRESH), time(), JAPAN)
    any_at_all, ever, lately = Exists(alive), Exists(reached), Exists(reached.filter(last_success_at__gte=since))
    means = {
        Band.HIGH: Q(lately),
        Band.MEDIUM: Q(ever) & ~Q(lately),
        Band.LOW: Q(any_at_all) & ~Q(ever),
        Band.NONE: ~Q(any_at_all),
    }
    found = Q(pk__in=[])
    for band in bands:
        found |= means[Band(band)]
    return found


def verified_channels(customer_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """The kinds of address at which something arrived, and nothing failed since, by customer. One query."""
    found: dict[UUID, set[str]] = defaultdict(set)
    rows = ContactPoint.objects.filter(customer__in=list(customer_ids), is_current=True, health=Health.VERIFIED)
    for customer_id, channel in rows.values_list("customer_id", "channel"):
        found[customer_id].add(channel)
    return dict(found)
