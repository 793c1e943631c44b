"""From a document to customers: the same as judging each customer by hand, within reach, counted in bounded time."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Context
from datetime import date, timedelta
from random import Random
from time import perf_counter
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import prefetch_related_objects
from django.db.models.expressions import RawSQL

from customers.accounts.models import CustomerAccount
from customers.contacts.reachability import Band, reachability
from customers.contacts.reachability import Way as Reached
from customers.flags.models import CustomerFlag
from customers.models import ContactPoint, Customer
from customers.segments.conditions import (
    ACCOUNT_DAY,
    CHOICES,
    DAYS,
    NEEDS_DAY,
    NEEDS_DAYS,
    AnyOf,
    Condition,
    Day,
    Way,
    document_of,
)
from customers.segments.selecting import Count, count_customers, customers_of
from tenants.models import Tenant
from tenants.reach import Reach, within_reach
from tenants.scoping import tenant_scope
from tests.conftest import NOW

CROWD = 200
TODAY = date(2026, 11, 24)
FLAGGED = tuple(CustomerFlag.Kind.values)
CHANNELS = ("LINE", "PHONE", "EMAIL", "POST")
HEALTH = ("UNKNOWN", "VERIFIED", "BOUNCED", "RETURNED", "BLOCKED")
PLAIN: Mapping[str, tuple[Any, ...]] = {
    "kind": ("INDIVIDUAL", "COMPANY"),
    "risk_tier": ("HIGH", "MEDIUM", "LOW", ""),
    "due_diligence": ("SIMPLIFIED", "STANDARD", "ENHANCED", ""),
    "branch_code": ("001", "012", ""),
    "department": ("法人営業部", "本店営業部", ""),
    "nationality": ("JP", "VN", ""),
    "country_of_residence": ("JP", "US", ""),
    "occupation": ("student", "retired", ""),
    "industry": ("it", "other", ""),
    "purpose": ("living", "loan", ""),
    "language": ("ja", "en"),
    "is_foreign_pep": (True, False, None),
    "handles_cash": (True, False, None),
    "sends_abroad": (True, False, None),
}
PRODUCTS = ("10", "20", "")
NEAR = (None, *(TODAY + timedelta(days) for days in (-400, -30, -1, 0, 1, 30, 400)))


@pytest.fixture
def crowd(in_tenant: Tenant) -> list[Customer]:
    """Customers of every sort, with addresses that work, fail, or are not current any more."""
    chance = Random(5)
    people, points, flags, accounts = [], [], [], []
    for number in range(CROWD):
        values = {field: chance.choice(some) for field, some in PLAIN.items()}
        days = {field: chance.choice(NEAR) for field in DAYS if field != ACCOUNT_DAY}
        status = chance.choice(("ACTIVE", "ACTIVE", "CLOSED"))
        person = Customer(number=f"S{number}", profile={"name": "某"}, status=status, **values, **days)
        people.append(person)
        for channel in chance.sample(CHANNELS, chance.randrange(5)):
            health, is_current = chance.choice(HEALTH), chance.random() < 0.8
            where = {"channel": channel, "value": "x", "value_index": b"x" * 16}
            points.append(ContactPoint(customer=person, health=health, is_current=is_current, **where))
        for kind in chance.sample(FLAGGED, chance.choice((0, 0, 1, 2))):
            is_over = chance.random() < 0.3
            when = {"status": "LIFTED", "ended_at": NOW} if is_over else {}
            why = {"reason": "x", "from_on": TODAY, "raised_by": 1, "raised_at": NOW}
            flags.append(CustomerFlag(customer=person, kind=kind, **why, **when))
        for place in range(chance.choice((0, 1, 1, 2, 3, 7))):
            accounts.append(
                CustomerAccount(
                    customer=person,
                    number_index=bytes([place]) * 16,
                    product_code=chance.choice(PRODUCTS),
                    opened_on=chance.choice(NEAR),
                    closed_on=chance.choice((None, None, TODAY)),
                )
            )
    with transaction.atomic():
        Customer.objects.bulk_create(people)
        CustomerAccount.objects.bulk_create(accounts)
        ContactPoint.objects.bulk_create(points)
        CustomerFlag.objects.bulk_create(flags)
    return people


def belongs(customer: Customer, condition: Condition, points: Mapping[str, str], flags: set[str]) -> bool:
    """The definition, as a person would read it; ``points``: current channels and health; ``flags``: in force."""
    if condition.field in (ACCOUNT_DAY, "has_product", "open_accounts"):
        return holds(list(customer.account_rows.all()), condition)
    if isinstance(condition, Day):
        return lies_so(getattr(customer, condition.field), condition)
    assert isinstance(condition, AnyOf), "no number stands in a column yet"
    values = set(condition.values)
    match condition.field:
        case "has_channel":
            return bool(values & points.keys())
        case "lacks_channels":
            return not values & points.keys()
        case "has_flag":
            return bool(values & flags)
        case "lacks_flags":
            return not values & flags
        case "channel_working":
            return any(points.get(channel) == "VERIFIED" for channel in values)
        case "channel_unreachable":
            return any(points.get(channel) in ("BOUNCED", "RETURNED", "BLOCKED") for channel in values)
        case "reachability":
            return reachability([Reached(*one) for one in points.items()], TODAY).band in values
    value = getattr(customer, condition.field)
    return {True: "yes", False: "no", None: ""}.get(value, value) in values


def holds(accounts: list[CustomerAccount], condition: Condition) -> bool:
    held = [one for one in accounts if one.closed_on is None]
    if isinstance(condition, Day):
        days = [one.opened_on for one in held if one.opened_on]
        return any(lies_so(day, condition) for day in days) if days else lies_so(None, condition)
    assert isinstance(condition, AnyOf), "so many accounts are chosen, not bounded"
    if condition.field == "has_product":
        return any(one.product_code in condition.values for one in held)
    return (str(min(len(held), 5)) if accounts else "") in condition.values


def lies_so(day: date | None, condition: Day) -> bool:
    if day is None:
        return condition.or_missing or condition.way is Way.MISSING
    match condition.way:
        case Way.PAST:
            return day < TODAY
        case Way.WITHIN:
            return 0 <= (day - TODAY).days <= condition.days
        case Way.UNTIL:
            return condition.day is not None and day <= condition.day
        case Way.SINCE:
            return condition.day is not None and day >= condition.day
        case Way.BETWEEN:
            return condition.day is not None and condition.until is not None and condition.day <= day <= condition.until
        case Way.AGO:
            return (TODAY - day).days > condition.days
    return False


def some_condition(field: str, chance: Random) -> Condition:
    if field in DAYS:
        way = chance.choice(list(Way))
        first, last = sorted(day for day in chance.sample(NEAR[1:], 2) if day)
        day, until = first if way in NEEDS_DAY else None, last if way is Way.BETWEEN else None
        is_open = way is not Way.MISSING and chance.random() < 0.5
        return Day(field, way, chance.choice((0, 1, 30, 399)) if way in NEEDS_DAYS else 0, day, is_open, until)
    met = {"yes", "no", "", "ACTIVE", "CLOSED", *CHANNELS, *FLAGGED, *Band, *"012345", *PLAIN.get(field, ())}
    values = sorted(met.intersection(CHOICES[field] or PLAIN[field])) if field != "has_product" else PRODUCTS[:2]
    return AnyOf(field, tuple(chance.sample(values, chance.randrange(1, len(values) + 1))))


def numbers(*conditions: Condition) -> set[str]:
    with transaction.atomic():
        return set(customers_of(document_of(conditions), today=TODAY).values_list("number", flat=True))


def test_every_field_and_way_finds_whom_a_person_would_pick(crowd: list[Customer]) -> None:
    """Against judging one by one: each field eight times alone, then two to four together."""
    chance = Random(7)
    with transaction.atomic():
        points: dict[Any, dict[str, str]] = {}
        for point in ContactPoint.objects.filter(is_current=True):
            points.setdefault(point.customer_id, {})[point.channel] = point.health
        prefetch_related_objects(crowd, "account_rows")
        flags: dict[Any, set[str]] = {}
        for flag in CustomerFlag.objects.filter(status="IN_FORCE"):
            flags.setdefault(flag.customer_id, set()).add(flag.kind)
    fields = [*CHOICES, *DAYS]
    asked = [[some_condition(field, chance)] for field in fields for _ in range(8)]
    asked += [
        [some_condition(field, chance) for field in chance.sample(fields, chance.randrange(2, 5))] for _ in range(60)
    ]
    sizes = set()
    for conditions in asked:
        expected = {
            one.number
            for one in crowd
            if all(belongs(one, each, points.get(one.pk, {}), flags.get(one.pk, set())) for each in conditions)
        }
        assert numbers(*conditions) == expected, conditions
        sizes.add(len(expected))
    assert len(sizes) > 40, "control: the conditions do part the crowd"
    assert numbers() == {one.number for one in crowd}


def test_a_segment_finds_only_whom_the_member_may_see(crowd: list[Customer]) -> None:
    """W8: a branch's segment is a branch's; nobody's reach is widened by what a document says."""
    both = AnyOf("branch_code", ("001", "012"))
    everybody = numbers(both)
    with within_reach(Reach(user_id=7, branch_code="012")):
        seen = numbers(both)
        with transaction.atomic():
            counted = count_customers(customers_of(document_of([both]), today=TODAY))
    assert seen == {one.number for one in crowd if one.branch_code == "012"}
    assert counted == Count(len(seen))
    assert seen < everybody, "control"


def test_another_banks_customers_belong_to_no_segment_of_ours(other_tenant: Tenant, crowd: list[Customer]) -> None:
    with transaction.atomic():
        document = document_of([AnyOf("kind", ("INDIVIDUAL", "COMPANY"))])
        assert customers_of(document, today=TODAY).count() == CROWD, "control"

    def theirs() -> int:
        with tenant_scope(other_tenant.pk):
            return customers_of(document, today=TODAY).count()

    assert Context().run(theirs) == 0


# Sleeps only while a statement is limited to this.
SLOW = """
    SELECT id FROM customers_customer,
           (SELECT pg_sleep(CASE WHEN current_setting('statement_timeout') = '100ms' THEN 1 ELSE 0 END)) AS sleeping"""


def test_a_count_that_takes_too_long_looks_at_the_first_customers(
    crowd: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real query that PostgreSQL stops; the transaction goes on, without a limit."""
    monkeypatch.setattr("customers.segments.selecting.FIRST", 100)
    with transaction.atomic():
        slow = customers_of(document_of([]), today=TODAY).filter(pk__in=RawSQL(SLOW, []))
        usual = setting()
        assert count_customers(slow, patience=5_000) == Count(CROWD), "control"
        assert setting() == usual
        began = perf_counter()
        assert count_customers(slow, patience=100) == Count(100, looked_at=100)
        assert perf_counter() - began < 0.9
        assert setting() == usual


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])
