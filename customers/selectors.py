"""Reading the customer file: what it says of a customer, lists, and the rows an import did not take."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from customers.facts.catalogue import CHANNEL_OF_FACT, COLUMNS, FACTS, HEADER, PLAIN
from customers.facts.shape import Type
from customers.history import Known, Turn, known_at
from customers.imports.warned import WarnedRow
from customers.models import AttributeChange, ContactPoint, Customer, CustomerImport, RejectedRow
from customers.searching import being, being_of, has_part, holders_of, names_in, names_within
from customers.segments.selecting import Count, count_customers
from customers.wording import column_title, sentence
from retention.expiring import day_in_japan
from tenants.cells import csv_line
from tenants.keys import PersonShredded
from tenants.keyset import Page, keyset_page, place_of
from tenants.prepared import Prepared

type Facts = dict[str, Any]

# Stands among the facts of a customer whose personal data was shredded.
ERASED = "is_erased"

# So many ids are looked up for a page of those who were found by a part of their names.
NEAR = 1_000
_POINTS = Prepared(
    lambda customer: ContactPoint.objects.filter(customer=customer, is_current=True), customer=UUID(int=1)
)
_ORDER = {key: place for place, key in enumerate(COLUMNS)}


def facts_of(customer: Customer) -> Facts:
    """What the file says of one customer; a missing key is not known. Dates are "YYYY-MM-DD"."""
    points = _POINTS.rows(customer=customer.pk)
    return assemble_facts(customer, {point.channel: point for point in points})


def facts_of_many(ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """As `facts_of`, for many customers in two queries. Unknown ids are left out."""
    return facts_of_each(Customer.objects.filter(pk__in=list(ids)))


def facts_of_each(customers: Iterable[Customer]) -> dict[UUID, Facts]:
    """As `facts_of`, for customers at hand; one query."""
    known = {customer.pk: customer for customer in customers}
    points = current_points(list(known))
    return {pk: assemble_facts(customer, points.get(pk, {})) for pk, customer in known.items()}


def current_points(ids: Sequence[UUID]) -> dict[UUID, dict[str, ContactPoint]]:
    """The current contact points of customers, by channel; one query."""
    found: dict[UUID, dict[str, ContactPoint]] = {}
    for point in ContactPoint.objects.filter(customer_id__in=list(ids), is_current=True):
        found.setdefault(point.customer_id, {})[point.channel] = point
    return found


def assemble_facts(customer: Customer, points: dict[str, ContactPoint]) -> Facts:
    """The flat dictionary from a customer and the current contact points by channel.

    Of a customer who was shredded only what stands plain is left, and `ERASED` is true.
    """
    try:
        sealed = _sealed_facts(customer, points)
    except PersonShredded:
        sealed = {ERASED: True}
    facts: Facts = {}
    for key in PLAIN:
        value = getattr(customer, key)
        if value not in (None, ""):
            facts[key] = value.isoformat() if FACTS[key].type is Type.DAY else value
    return {**sealed, **facts, **customer.attributes}


def _sealed_facts(customer: Customer, points: dict[str, ContactPoint]) -> Facts:
    facts: Facts = {key: value for key, value in customer.profile.items() if value is not None}
    for key, channel in CHANNEL_OF_FACT.items():
        if channel in points:
            value = points[channel].value
            if value := value.get(key) if isinstance(value, dict) else value:
                facts[key] = value
    return facts


def known_before(customer: Customer, moment: datetime) -> dict[str, Known] | None:
    """What the file said just before ``moment``, by fact; None if the customer was not in it yet. Three queries.

    Raises:
        PersonShredded: the customer's data were destroyed, what they were before with them.
    """
    current = facts_of(customer)
    if current.pop(ERASED, False):
        raise PersonShredded
    # In the order of their ids: each was given under the lock of its customer, whatever the clocks of two servers say.
    turns = [
        Turn(row.attribute, row.before, row.after, row.at, row.source, row.source_reference, row.actor)
        for row in AttributeChange.objects.filter(customer=customer).order_by("pk")
    ]
    return known_at(moment, current=current, turns=turns, entered_at=customer.created_at)


def days_of_changes(customer: Customer, *, limit: int = 12) -> list[tuple[date, int]]:
    """The days in Japan on which facts changed, the latest first, with how many changes each."""
    moments = AttributeChange.objects.filter(customer=customer).values_list("at", flat=True)
    return sorted(Counter(map(day_in_japan, moments)).items(), reverse=True)[:limit]


def customer_page(
    *,
    search: str = "",
    kind: str | None = None,
    tier: str | None = None,
    among: QuerySet[Customer] | None = None,
    by_account: bool = True,
    cursor: str | None = None,
) -> Page[Customer]:
    """Customers in the order they were entered, of all or `among` some; counted only if the page holds them all.

    Who is part of another customer is not among them, and is found as that one.
    `search` is a whole customer number, telephone number, e-mail address or, with `by_account`, account number, or part
    of a name or reading.
    """
    rows = _filtered(among, kind, tier).filter(merged_into__isnull=True)
    if not (wanted := search.strip()):
        return keyset_page(rows, order=("id",), cursor=cursor, counts=False)
    if (exact := being(rows, wanted, by_account=by_account)).exists():
        return keyset_page(exact, order=("id",), cursor=cursor)
    page = _page_of(rows, holders_of(wanted), cursor)
    return replace(page, items=_named(page.items, wanted))


def _named(customers: Sequence[Customer], wanted: str) -> list[Customer]:
    """Those who really are called so, or of whom somebody who is has become a part."""
    own = {one.pk for one in customers if has_part(names_in(one.profile), wanted)}
    within = names_within([one.pk for one in customers if one.pk not in own])
    return [one for one in customers if one.pk in own or has_part(within.get(one.pk, ()), wanted)]


def customer_count(
    *,
    search: str = "",
    kind: str | None = None,
    tier: str | None = None,
    among: QuerySet[Customer] | None = None,
    by_account: bool = True,
) -> Count:
    """How many customers `customer_page` has on all its pages; where names are searched, rarely a few more."""
    rows = _filtered(among, kind, tier)
    if wanted := search.strip():
        exact = being(rows, wanted, by_account=by_account)
        rows = exact if exact.exists() else being_of(rows, holders_of(wanted))
    found = count_customers(rows)
    # Taken off, because counting the others alone would read every row and not an index.
    merged = rows.filter(status=Customer.Status.MERGED).count() if found.looked_at is None else 0
    return replace(found, customers=found.customers - merged)


def _filtered(among: QuerySet[Customer] | None, kind: str | None, tier: str | None) -> QuerySet[Customer]:
    rows: QuerySet[Customer] = Customer.objects.all() if among is None else among
    if kind:
        rows = rows.filter(kind=kind)
    return rows.filter(risk_tier=tier) if tier else rows


def _page_of(rows: QuerySet[Customer], ids: Sequence[bytes], cursor: str | None) -> Page[Customer]:
    """The page among many ids, in order: from the nearest ones, and from all only if other filters leave too few."""
    backwards, position = place_of(cursor, Customer, ("id",))
    at = bisect_left(ids, position[0].bytes) if position else 0
    near = ids[max(at - NEAR, 0) : at] if backwards else ids[at : at + NEAR]
    page = keyset_page(being_of(rows, near), order=("id",), cursor=cursor, counts=False)
    is_full = page.previous_cursor if backwards else page.next_cursor
    if is_full or len(near) == (at if backwards else len(ids) - at):
        return page
    return keyset_page(being_of(rows, ids), order=("id",), cursor=cursor, counts=False)


def import_page(*, cursor: str | None = None) -> Page[CustomerImport]:
    """Imports, newest first."""
    return keyset_page(CustomerImport.objects.all(), order=("-uploaded_at", "-id"), cursor=cursor)


def rejected_page(customer_import: CustomerImport, *, cursor: str | None = None) -> Page[RejectedRow]:
    """The rows an import did not take, in the order of the file."""
    rows = RejectedRow.objects.filter(customer_import=customer_import)
    return keyset_page(rows, order=("line", "id"), cursor=cursor)


def warned_page(customer_import: CustomerImport, *, cursor: str | None = None) -> Page[WarnedRow]:
    """What looked wrong in rows that an import took, in the order of the file; the first ones only."""
    rows = WarnedRow.objects.filter(customer_import=customer_import)
    return keyset_page(rows, order=("line", "id"), cursor=cursor)


def error_file(customer_import: CustomerImport, *, encoding: str = "utf-8-sig") -> Iterator[bytes]:
    """The error file as CSV, in "utf-8-sig" or "cp932": the file's own columns, then line, column and reason.

    It may be corrected and uploaded as it is: the apostrophes that `tenants.cells` puts before what a spreadsheet
    would run are taken away again. A line with several errors says them all. To be read in the tenant's scope.
    """
    titles = customer_import.titles or HEADER
    extra = [column_title(key) for key in ("line", "column", "reason")]
    yield csv_line([*titles, *extra], encoding=encoding)
    rows = RejectedRow.objects.filter(customer_import=customer_import).order_by("line", "id").iterator(chunk_size=1_000)
    for line, group in groupby(rows, key=attrgetter("line")):
        errors = sorted(group, key=lambda error: _ORDER.get(error.column, 0))
        cells = errors[0].original[: len(titles)]
        cells += [""] * (len(titles) - len(cells))
        columns = "、".join(dict.fromkeys(column_title(error.column) for error in errors))
        reasons = " ".join(sentence(error.code, error.params) for error in errors)
        # The mark of the encoding stands at the beginning of the file only.
        yield csv_line([*cells, str(line), columns, reasons], encoding=encoding.removesuffix("-sig"))
