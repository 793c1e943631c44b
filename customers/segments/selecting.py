"""From a segment's document to its customers, and how many they are, in bounded time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from psycopg.errors import QueryCanceled

from customers.accounts.selectors import holding, open_accounts, with_accounts
from customers.contacts.health import DEAD
from customers.contacts.selecting import reachable
from customers.facts.selectors import own_asked
from customers.facts.shape import Fact, Type
from customers.flags.models import CustomerFlag
from customers.models import ContactPoint, Customer
from customers.segments.conditions import (
    ACCOUNT_DAY,
    ACCOUNTS,
    ANSWERS,
    CHANNELS,
    FLAGS,
    NO,
    NOT_KNOWN,
    NUMBERS,
    YES,
    AnyOf,
    Condition,
    Day,
    Number,
    Own,
    SegmentInvalid,
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
    own = own_asked()
    for condition in conditions_of(document, own):
        rows = rows.filter(_fulfilling(condition, own, today))
    return rows


def customers_of_kept(document: Mapping[str, Any], *, today: date) -> QuerySet[Customer]:
    """As `customers_of`; nobody, where a kept segment asks what cannot be asked any more (`conditions.legible_of`)."""
    try:
        return customers_of(document, today=today)
    except SegmentInvalid:
        return Customer.objects.none()


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


def _fulfilling(condition: Condition, own: Own, today: date) -> Any:
    if condition.field in own:
        return _of_own(condition, own[condition.field], today)
    if isinstance(condition, Day):
        is_of_account = condition.field == ACCOUNT_DAY
        return _with_account_of(condition, today) if is_of_account else _on_day(condition, today)
    if isinstance(condition, Number):
        return _in_bounds(condition, condition.field)
    if condition.field in ACCOUNTS:
        return _by_accounts(condition)
    if condition.field in CHANNELS:
        return _by_channel(condition)
    if condition.field == "reachability":
        return reachable(condition.values, today)
    if condition.field in FLAGS:
        return _flagged(condition)
    if condition.field in ANSWERS:
        return _answered(condition)
    return Q(**{f"{condition.field}__in": condition.values})


def _of_own(condition: Condition, fact: Fact, today: date) -> Q:
    """An institution's own attribute: JSON, so that a day is text that sorts like a day."""
    field = f"attributes__{condition.field}"
    if isinstance(condition, Number):
        return _in_bounds(condition, field)
    if isinstance(condition, Day):
        return _on_day(condition, today, field, date.isoformat)
    said: Sequence[Any] = [value for value in condition.values if value != NOT_KNOWN]
    if fact.type is Type.ANSWER:
        said = [value == YES for value in said]
    wanted = [[value] for value in said] if fact.type is Type.CODES else said
    found = Q()
    for value in wanted:
        found |= Q(attributes__contains={condition.field: value})
    return found | Q(**{f"{field}__isnull": True}) if NOT_KNOWN in condition.values else found


def _on_day(condition: Day, today: date, field: str = "", kept: Callable[[date], Any] = lambda day: day) -> Q:
    """``kept``: a day as the file keeps it."""
    field, days = field or condition.field, timedelta(condition.days)
    match condition.way:
        case Way.PAST:
            found = Q(**{f"{field}__lt": kept(today)})
        case Way.WITHIN:
            found = Q(**{f"{field}__gte": kept(today), f"{field}__lte": kept(today + days)})
        case Way.UNTIL:
            found = Q(**{f"{field}__lte": kept(condition.day or today)})
        case Way.SINCE:
            found = Q(**{f"{field}__gte": kept(condition.day or today)})
        case Way.BETWEEN:
            first, last = condition.day or today, condition.until or today
            found = Q(**{f"{field}__gte": kept(first), f"{field}__lte": kept(last)})
        case Way.AGO:
            found = Q(**{f"{field}__lt": kept(today - days)})
        case Way.MISSING:
            found = Q(**{f"{field}__isnull": True})
    return found | Q(**{f"{field}__isnull": True}) if condition.or_missing else found


def _in_bounds(condition: Number, field: str) -> Q:
    bounds = {"gte": condition.least, "lte": condition.most}
    within = {f"{field}__{name}": bound for name, bound in bounds.items() if bound is not None}
    missing = Q(**{f"{field}__isnull": True})
    return (Q(**within) | missing if within else missing) if condition.or_missing else Q(**within)


def _answered(condition: AnyOf) -> Q:
    found = Q()
    for value, answer in ((YES, True), (NO, False)):
        if value in condition.values:
            found |= Q(**{condition.field: answer})
    return found | Q(**{f"{condition.field}__isnull": True}) if NOT_KNOWN in condition.values else found


def _flagged(condition: AnyOf) -> Q:
    flags = CustomerFlag.objects.filter(
        customer=OuterRef("pk"), status=CustomerFlag.Status.IN_FORCE, kind__in=condition.values
    )
    return ~Q(Exists(flags)) if condition.field == "lacks_flags" else Q(Exists(flags))


def _by_accounts(condition: AnyOf) -> Q:
    if condition.field == "has_product":
        return holding(condition.values)
    numbers = [int(value) for value in condition.values if value != NOT_KNOWN]
    return with_accounts(numbers, most=len(NUMBERS) - 1, or_unknown=NOT_KNOWN in condition.values)


def _with_account_of(condition: Day, today: date) -> Q:
    """One of the open accounts was opened then; or of none is it known when."""
    dated = open_accounts().filter(opened_on__isnull=False)
    none = ~Q(Exists(dated))
    if condition.way is Way.MISSING:
        return none
    found = Q(Exists(open_accounts().filter(_on_day(replace(condition, or_missing=False), today, "opened_on"))))
    return found | none if condition.or_missing else found


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
