"""Lists by key: every row once, in both directions, whatever is inserted meanwhile or written in the address."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import CustomerImport
from tenants import keyset
from tenants.keyset import Page, keyset_page
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import NOW

ORDER = ("-uploaded_at", "-id")
sharing_a_tenant = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def scope(tenant: Tenant) -> Iterator[Tenant]:
    """A transaction of the first bank."""
    with tenant_scope(tenant.pk):
        yield tenant


def imports(minutes: list[int]) -> list[CustomerImport]:
    return CustomerImport.objects.bulk_create(
        CustomerImport(
            filename="book.csv",
            sha256="0" * 64,
            size=1,
            uploaded_by=1,
            uploaded_at=NOW + timedelta(minutes=minute),
        )
        for minute in minutes
    )


def page(cursor: str | None = None, limit: int = 3, order: tuple[str, ...] = ORDER) -> Page[CustomerImport]:
    rows: Any = CustomerImport.objects.all()
    return keyset_page(rows, order=order, cursor=cursor, limit=limit)


def ids(items: list[CustomerImport]) -> list[Any]:
    return [item.pk for item in items]


def in_order() -> list[Any]:
    return list(CustomerImport.objects.order_by(*ORDER).values_list("pk", flat=True))


def forwards(limit: int) -> list[Page[CustomerImport]]:
    pages = [page(limit=limit)]
    while pages[-1].next_cursor:
        pages.append(page(pages[-1].next_cursor, limit))
    return pages


def backwards(last: Page[CustomerImport], limit: int) -> list[Page[CustomerImport]]:
    pages = [last]
    while pages[0].previous_cursor:
        pages.insert(0, page(pages[0].previous_cursor, limit))
    return pages


# Few distinct minutes, so that many rows tie and only the id tells them apart.
minutes_of_rows = st.lists(st.integers(0, 4), max_size=14)


@sharing_a_tenant
@given(minutes=minutes_of_rows, limit=st.integers(1, 6))
def test_pages_forwards_hold_every_row_once_and_backwards_are_the_same(
    tenant: Tenant, minutes: list[int], limit: int
) -> None:
    with tenant_scope(tenant.pk):
        CustomerImport.objects.all().delete()
        imports(minutes)

        there = forwards(limit)
        back = backwards(there[-1], limit)

        assert [pk for one in there for pk in ids(one.items)] == in_order()
        assert [ids(one.items) for one in back] == [ids(one.items) for one in there]
        assert all(len(one.items) == limit for one in there[:-1])
        assert there[0].previous_cursor is None
        assert {one.count for one in there} == {len(minutes)}


@sharing_a_tenant
@given(before=st.lists(st.integers(0, 4), min_size=1, max_size=10), meanwhile=minutes_of_rows, limit=st.integers(1, 4))
def test_rows_inserted_meanwhile_neither_hide_nor_repeat_the_others(
    tenant: Tenant, before: list[int], meanwhile: list[int], limit: int
) -> None:
    with tenant_scope(tenant.pk):
        CustomerImport.objects.all().delete()
        imports(before)
        first = in_order()

        seen = []
        current = page(limit=limit)
        seen += ids(current.items)
        for minute in [*meanwhile, None]:
            if minute is not None:
                imports([minute])
            if current.next_cursor:
                current = page(current.next_cursor, limit)
                seen += ids(current.items)
        while current.next_cursor:
            current = page(current.next_cursor, limit)
            seen += ids(current.items)

        assert len(seen) == len(set(seen))
        assert [pk for pk in seen if pk in set(first)] == first


def test_an_empty_list_is_one_empty_page(scope: Tenant) -> None:
    assert page() == Page(items=[], next_cursor=None, previous_cursor=None, count=0, is_capped=False)


def test_counting_stops_at_the_cap(scope: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "COUNT_CAP", 4)
    imports([0, 1, 2, 3])
    exact = page()
    imports([4])
    capped = page()

    assert (exact.count, exact.is_capped) == (4, False)
    assert (capped.count, capped.is_capped) == (4, True)


@sharing_a_tenant
@given(cursor=st.text(max_size=60) | st.binary(max_size=60).map(lambda b: base64.urlsafe_b64encode(b).decode()))
def test_an_unreadable_cursor_starts_from_the_beginning(tenant: Tenant, cursor: str) -> None:
    with tenant_scope(tenant.pk):
        CustomerImport.objects.all().delete()
        imports([0, 1])

        assert page(cursor).items == page().items


@pytest.mark.parametrize(
    "forged",
    [
        ["n", "2026-11-24 03:00:00", "00000000-0000-7000-8000-000000000000"],
        ["n", "2026-11-24", "00000000-0000-7000-8000-000000000000"],
        ["n", "\0", "\0"],
        ["n", 10**40, 10**40],
        ["n", "0001-01-01 00:00:00+23:59", "00000000-0000-7000-8000-000000000000"],
        {"n": 1, "a": 2, "b": 3},
        None,
    ],
)
def test_a_cursor_written_by_hand_starts_from_the_beginning(scope: Tenant, forged: object) -> None:
    """Nobody chooses what we compare with: no value of theirs reaches a query."""
    imports([0, 1])
    cursor = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")

    assert ids(page(cursor).items) == in_order()


def test_a_cursor_deeper_than_the_parser_starts_from_the_beginning(scope: Tenant) -> None:
    imports([0])

    assert ids(page(base64.urlsafe_b64encode(b"[" * 200_000).decode()).items) == in_order()


def test_a_cursor_of_one_order_is_not_taken_for_another(scope: Tenant) -> None:
    imports([0, 1, 2, 3, 4])
    cursor = page(limit=2).next_cursor

    assert page(cursor, order=("size", "id")).items == page(order=("size", "id")).items


def test_a_page_costs_two_queries(scope: Tenant, django_assert_num_queries: Any) -> None:
    imports([0, 1, 2, 3, 4])
    cursor = page(limit=2).next_cursor

    with django_assert_num_queries(2):
        page(cursor, limit=2)


def test_the_moment_in_a_cursor_keeps_its_microseconds(scope: Tenant) -> None:
    moment: datetime = NOW.replace(microsecond=123_456)
    rows = imports([0, 0, 0])
    for row in rows:
        row.uploaded_at = moment
        row.save(update_fields=["uploaded_at"])

    assert [pk for one in forwards(1) for pk in ids(one.items)] == in_order()
