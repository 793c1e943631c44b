"""What the rows of a batch mean for the customers we have: new, changed, as before, or impossible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from customers.decoding import Record
from customers.entering import Entry, prepare_customers
from customers.importing import CustomerRow, Rejection, RowError, RowWarning
from customers.imports.reading import MappedReader
from customers.indexing import SOURCE
from customers.models import Customer
from customers.pointers import survivors_of
from customers.recording import Change
from tenants.keys import cipher


@dataclass(slots=True)
class Batch:
    """Some records, read. Customers of ``entry`` were made ready ahead; ``rows`` are all others."""

    rows: list[CustomerRow]
    rejections: list[Rejection]
    cells: dict[int, list[str]]
    last_line: int
    branches: set[str]
    warnings: list[RowWarning]
    # how many rows are further accounts of the customer above
    joined: int
    entry: Entry = field(default_factory=Entry)

    def enter_ahead(self, *, reference: UUID, now: datetime) -> Batch:
        """Make those ready to be written whose numbers we don't have; one query beside the keys'."""
        with transaction.atomic():
            known = set(_numbered(self.rows).values_list("number", flat=True))
        new = [row for row in self.rows if row.number not in known]
        rest = [row for row in self.rows if row.number in known]
        entry = prepare_customers(new, reference=reference, now=now)
        cells = {line: self.cells[line] for row in rest for line in (row.line, *row.more)}
        return replace(self, rows=rest, cells=cells, entry=entry)


@dataclass(slots=True)
class Sorted:
    """A batch beside the customers we have."""

    rejections: list[Rejection]
    created: list[CustomerRow] = field(default_factory=list)
    updated: dict[UUID, Change] = field(default_factory=dict)
    # the lines that the changes stand on
    lines: dict[UUID, int] = field(default_factory=dict)
    unchanged: int = 0
    # as Batch.joined, of the customers who are taken
    joined: int = 0

    def reject(
        self, row: CustomerRow, cells: Mapping[int, list[str]], column: str, code: str, **params: object
    ) -> None:
        """Take none of a customer's rows."""
        for line in (row.line, *row.more):
            self.rejections.append(Rejection(line, cells[line], (RowError(line, column, code, params),)))
        self.joined -= len(row.more)


def read_batch(records: Sequence[Record], reader: MappedReader) -> Batch:
    """Read some records, of which none is of a customer before or after them; no query."""
    results = reader.read_together(records)
    rows = [result for result in results if isinstance(result, CustomerRow)]
    return Batch(
        rows=rows,
        rejections=[result for result in results if isinstance(result, Rejection)],
        cells={record.line: record.fields for record in records},
        last_line=records[-1].line,
        branches={row.branch_code for row in rows},
        warnings=[warning for row in rows for warning in row.warnings],
        joined=sum(len(row.more) for row in rows),
    )


def sort_batch(batch: Batch) -> Sorted:
    """Compare a batch with the customers; one query.

    A row about somebody who is part of another customer by now is taken as said as long as it says what it said
    before; then it is rejected, because the other's row says something of the same facts.
    """
    found = Sorted(list(batch.rejections), joined=batch.joined)
    known = {
        number: (pk, kind, bytes(source_hash or b""), reviewed, status)
        for pk, number, kind, source_hash, reviewed, status in _numbered(batch.rows).values_list(
            "pk", "number", "kind", "source_hash", "last_reviewed_on", "status"
        )
    }
    crypt = cipher()
    for row in batch.rows:
        if row.number not in known:
            found.created.append(row)
            continue
        pk, kind, source_hash, reviewed, status = known[row.number]
        if kind != row.kind:
            found.reject(row, batch.cells, "kind", "kind_changed")
        elif source_hash == (said := crypt.index(SOURCE, row.source)):
            found.unchanged += 1
        elif status == Customer.Status.MERGED:
            found.reject(row, batch.cells, "customer_number", "merged", number=_number_of_survivor(pk))
        else:
            found.updated[pk] = Change(row.facts, _columns_of(row, said, reviewed), row.line_id)
            found.lines[pk] = row.line
    return found


def _number_of_survivor(pk: UUID) -> str:
    """Under which number somebody goes on who is part of another; rare enough for queries of its own."""
    return str(Customer.objects.values_list("number", flat=True).get(pk=survivors_of([pk])[pk]))


def _numbered(rows: Sequence[CustomerRow]) -> QuerySet[Customer]:
    numbered: QuerySet[Customer] = Customer.objects.filter(number__in=[row.number for row in rows])
    return numbered


def _columns_of(row: CustomerRow, source_hash: bytes, reviewed: date | None) -> dict[str, Any]:
    """What a row says beside the facts. A review of ours may be younger than the one the bank's file knows."""
    dates = [day for day in (row.last_reviewed_on, reviewed) if day]
    return {
        "branch_code": row.branch_code,
        "opened_on": row.opened_on,
        "last_reviewed_on": max(dates, default=None),
        "source_hash": source_hash,
        **({"language": row.language} if row.language else {}),
    }
