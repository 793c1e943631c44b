"""From a segment's document to its customers, and how many they are, in bounded time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from psycopg.errors import QueryCanceled

from customers.contacts.health import DEAD
from customers.models import ContactPoint, Customer
from customers.segments.conditions import (
    ANSWERS,
    CHANNELS,
    NO,
    NOT_KNOWN,
    YES,
    AnyOf,
    Day,
    Way,
    conditions_of,
)

# Milliseconds a count may take before it is content with the first customers.
PATIENCE = 1_500
FIRST = 20_000
_LIMIT = "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)"


@dataclass(frozen=True, slots=True)
class Count:
    """How many customers; with ``looked_at``, only among so many of the first ones."""

    customers: int
    looked_at: int | None = None


def customers_of(document: Mapping[str, Any], *, today: date) -> QuerySet[Customer]:
    """The customers of a segment on this day, as far as whoever asks may see; every condition goes into one query.

    Who is part of another customer is in none. Compares by equality and order alone, which may use indexes under
    row-level security (docs/adr/0002).

    Raises:
        SegmentInvalid.
    """
    rows: QuerySet[Customer] = Customer.objects.filter(merged_into__isnull=True)
    for condition in conditions_of(document):
        if isinstance(condition, Day):
            rows = rows.filter(_on_day(condition, today))
        elif condition.field in CHANNELS:
            rows = rows.filter(_by_channel(condition))
        elif condition.field in ANSWERS:
            rows = rows.filter(_answered(condition))
        else:
            rows = rows.filter(**{f"{condition.field}__in": condition.values})
    return rows


def count_customers(rows: QuerySet[Customer], *, patience: int = PATIENCE) -> Count:
    """All of them, counted for at most ``patience`` milliseconds; then those among the first 20,000 of the book."""
    try:
        with transaction.atomic():
            was = _wait_at_most(str(patience))
            found = rows.order_by().count()
            _wait_at_most(was)
            return Count(found)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
    first = Customer.objects.order_by("pk").values("pk")[:FIRST]
    return Count(rows.filter(pk__in=first).order_by().count(), looked_at=FIRST)


def _wait_at_most(limit: str) -> str:
    """Set how long a statement of this transaction may take; what it was before."""
    with connection.cursor() as cursor:
        cursor.execute(_LIMIT, [limit])
        was, _ = cursor.fetchone() or ("0", "")
    return str(was)


def _on_day(condition: Day, today: date) -> Q:
    field, days = condition.field, timedelta(condition.days)
    match condition.way:
        case Way.PAST:
            found = Q(**{f"{field}__lt": today})
        case Way.WITHIN:
            found = Q(**{f"{field}__gte": today, f"{field}__lte": today + days})
        case Way.UNTIL:
            found = Q(**{f"{field}__lte": condition.day})
        case Way.AGO:
            found = Q(**{f"{field}__lt": today - days})
        case Way.MISSING:
            found = Q(**{f"{field}__isnull": True})
    return found | Q(**{f"{field}__isnull": True}) if condition.or_missing else found


def _answered(condition: AnyOf) -> Q:
    found = Q()
    for value, answer in ((YES, True), (NO, False)):
        if value in condition.values:
            found |= Q(**{condition.field: answer})
    return found | Q(**{f"{condition.field}__isnull": True}) if NOT_KNOWN in condition.values else found


def _by_channel(condition: AnyOf) -> Q:
    points = ContactPoint.objects.filter(customer=OuterRef("pk"), is_current=True, channel__in=condition.values)
    match condition.field:
        case "lacks_channels":
            return ~Q(Exists(points))
        case "channel_working":
            return Q(Exists(points.filter(health=ContactPoint.Health.VERIFIED)))
        case "channel_unreachable":
            return Q(Exists(points.filter(health__in=DEAD)))
    return Q(Exists(points))
