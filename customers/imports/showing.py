"""What the pages of an import show: the first rows as they are understood, and what changes of whom."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils import timezone

from customers.decoding import FileRefused
from customers.facts.own import PREFIX
from customers.facts.selectors import columns_in_use, fact_of, own_facts_in_use
from customers.importing import CustomerRow, Rejection
from customers.imports.layouts import guess_columns
from customers.imports.reading import KeptFile, MappedReader
from customers.joining import runs
from customers.models import Customer, CustomerImport, ImportChange
from customers.presenting import LABELS, MASK, hide, label, say, say_turn
from customers.viewing import is_sensitive, shown_until
from customers.wording import column_title, reason_to_stay, sentence
from tenants.keyset import Page, keyset_page

ROWS = 5
# So many rows tell whether a file has one an account.
LOOKED_AT = 1_000
_SAMPLE = 60
# What presenting.hide knows how to cover, or needs no cover; the rest is covered whole.
_OPEN = {"customer_number", "kind", "opened_on", "last_reviewed_on", "branch_code", *LABELS}


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """One column of the file with its first values."""

    title: str
    samples: list[str]


@dataclass(frozen=True, slots=True)
class RowShown:
    """One customer as the row, or the rows up to ``until``, are understood, or why a row cannot be taken."""

    line: int
    until: int
    number: str
    facts: list[tuple[str, str]]
    errors: list[tuple[str, str]]


@dataclass(slots=True)
class Preview:
    """The beginning of a file."""

    columns: list[ColumnShown] = field(default_factory=list)
    rows: list[RowShown] = field(default_factory=list)
    # of the rows that were looked at, and how many of them are further accounts of the customer above
    looked_at: int = 0
    joined: int = 0


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """What changes of one customer."""

    customer: Customer
    line: int
    values: list[tuple[str, str, str]]
    reason: str
    is_undone: bool


def preview_of(customer_import: CustomerImport, *, masked: bool, now: datetime) -> Preview:
    """The columns with their first values, and the first rows as they are understood."""
    file = KeptFile(customer_import)
    try:
        layout = file.layout()
        records = list(islice(file.records(layout), LOOKED_AT))
    except (FileRefused, UnicodeError):
        return Preview()
    whole = [record for record in records[:ROWS] if not record.problem]
    said = guess_columns(layout.titles)
    columns = [
        ColumnShown(title, [_sample(said[at], record.fields[at], masked=masked) for record in whole[:3]])
        for at, title in enumerate(layout.titles)
    ]
    if not {"customer_number", "kind", "name"} <= set(layout.columns):
        return Preview(columns)
    reader = MappedReader(layout, timezone.localdate(now), own_facts_in_use())
    spans = list(runs(list(map(reader.number_of, records))))
    results = reader.read_together(records[: spans[ROWS - 1][1] if len(spans) >= ROWS else len(records)])
    rows = [_row(result, masked=masked) for result in results[:ROWS]]
    return Preview(columns, rows, looked_at=len(records), joined=len(records) - len(spans))


def change_page(
    customer_import: CustomerImport,
    *,
    attribute: str = "",
    kept_only: bool = False,
    cursor: str | None,
    session: MutableMapping[str, Any],
    masked: bool,
    now: datetime,
) -> tuple[Page[ImportChange], list[ChangeShown]]:
    """Customers whom an import changes, in the order of the file, with before and after."""
    rows = ImportChange.objects.filter(customer_import=customer_import)
    if attribute:
        rows = rows.filter(attributes__contains=[attribute])
    if kept_only:
        rows = rows.exclude(refusal="")
    page = keyset_page(rows, order=("line", "id"), cursor=cursor)
    customers = Customer.objects.in_bulk([change.customer_id for change in page.items])
    shown = []
    for change in page.items:
        customer = customers[change.customer_id]
        is_hidden = masked or (is_sensitive(customer) and shown_until(session, customer.pk, now) is None)
        shown.append(_change(change, customer, masked=is_hidden))
    return page, shown


def attributes_of(customer_import: CustomerImport) -> list[tuple[str, str, int]]:
    """Which attributes change, what they are called and of how many customers; the most frequent first."""
    counted: Mapping[str, int] = customer_import.attributes_changed
    ordered = sorted(counted.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(key, attribute_label(key), count) for key, count in ordered]


def attribute_label(key: str) -> str:
    """An attribute of a customer, a fact or not."""
    fact = fact_of(key)
    return label(key) if fact and fact.is_fact else column_title(key)


def _change(change: ImportChange, customer: Customer, *, masked: bool) -> ChangeShown:
    is_company = customer.kind == Customer.Kind.COMPANY
    before, after = (change.before, change.after) if change.attributes else ({}, {})

    def said(key: str) -> tuple[str, str]:
        was, became = say_turn(key, before[key], after[key])
        if not masked:
            return was, became
        return cover(key, was, is_company=is_company), cover(key, became, is_company=is_company)

    return ChangeShown(
        customer=customer,
        line=change.line,
        values=[(attribute_label(key), *said(key)) for key in change.attributes],
        reason=" ".join([reason_to_stay(change.refusal), *_named(change.refused_for)]) if change.refusal else "",
        is_undone=change.is_undone,
    )


def _named(keys: Sequence[str]) -> list[str]:
    return ["、".join(map(attribute_label, keys))] if keys else []


def _row(result: CustomerRow | Rejection, *, masked: bool) -> RowShown:
    if not isinstance(result, CustomerRow):
        errors = [(column_title(error.column), sentence(error.code, error.params)) for error in result.errors]
        return RowShown(result.line, result.line, "", [], errors)
    is_company = result.kind == Customer.Kind.COMPANY
    facts = [
        (attribute_label(key), cover(key, words, is_company=is_company) if masked else words)
        for key in columns_in_use()
        if key in result.facts and (words := say(key, result.facts[key]))
    ]
    kind = Customer.Kind(result.kind).label
    until = max((result.line, *result.more))
    return RowShown(result.line, until, result.number, [(column_title("kind"), str(kind)), *facts], [])


def _sample(said: str | None, text: str, *, masked: bool) -> str:
    """A cell, covered by what its title says and not by what somebody calls it now, who may want to see it."""
    shown = _printable(text[:_SAMPLE])
    if not masked:
        return shown
    return cover(said, shown) if said else re.sub(r"\S", MASK, shown)


def cover(key: str | None, text: str, *, is_company: bool = False) -> str:
    """What a cell says, with what identifies a person covered; ``key`` is the attribute it stands for."""
    if key and (key in _OPEN or key.startswith(PREFIX)):
        return hide(key, text, is_company=is_company)
    return re.sub(r"\S", MASK, text)


def _printable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
