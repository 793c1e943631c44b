"""Making an export: customers in batches, as lines of CSV or rows of a workbook, in sealed pieces."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from django.db.models import QuerySet
from django.utils.translation import gettext, override

from customers.exporting import columns
from customers.exporting.models import CustomerExport, ExportPiece
from customers.exporting.selectors import Wanted
from customers.exporting.spelling import spelt
from customers.models import Customer
from customers.selectors import facts_of_each
from tenants.cells import csv_line
from tenants.workbooks import Sheet

BATCH = 500
PIECE = 256 * 1024
# So many different letters are named on the page; in the file every one is.
NAMED = 200
SHEET = "顧客"


class Rows(Protocol):
    """A file being written, row by row."""

    def row(self, cells: Sequence[str]) -> bytes:
        """What there is to keep once this row is written."""

    def end(self) -> bytes:
        """The rest of the file."""


@dataclass(slots=True)
class CsvRows:
    """Lines of CSV; a mark of the encoding stands before the first one only."""

    encoding: str

    def row(self, cells: Sequence[str]) -> bytes:
        """One line."""
        line = csv_line(cells, encoding=self.encoding)
        self.encoding = self.encoding.removesuffix("-sig")
        return line

    def end(self) -> bytes:
        """Nothing follows the last line."""
        return b""


@dataclass(slots=True)
class Making:
    """One file in the making; `run` inside the transaction that will call it made."""

    export: CustomerExport
    masked: bool
    file: Rows = field(init=False)
    rows: int = 0
    sensitive: int = 0
    size: int = 0
    unwritable: Counter[str] = field(default_factory=Counter)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    _held: bytearray = field(default_factory=bytearray)
    _customers: list[str] = field(default_factory=list)
    _position: int = 0

    def __post_init__(self) -> None:
        is_book = self.export.encoding == CustomerExport.Encoding.XLSX
        columns = len(self._columns)
        self.file = Sheet(name=SHEET, columns=columns, heads=1) if is_book else CsvRows(self.export.encoding)

    def run(self, wanted: Wanted, *, today: date) -> None:
        """Write customers in the order in which they were entered; flat memory, the same queries for each batch.

        Raises:
            SegmentInvalid: the filter can no longer be used.
            SheetFull: there are more than a workbook can hold.
        """
        self._head()
        for group in _batches(wanted.customers(today=today)):
            facts = facts_of_each(group)
            with override("ja"):
                listed = wanted.listed([customer.pk for customer in group], today=today)
            for customer in group:
                more = listed.get(customer.pk, columns.NOTHING)
                said = columns.cells(self._columns, customer, facts[customer.pk], masked=self.masked, listed=more)
                self._add(customer, said)
            if len(self._held) >= PIECE:
                self._flush()
        self._held += self.file.end()
        self._flush()

    @property
    def sha256(self) -> str:
        """Of the whole file, in hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def named(self) -> dict[str, int]:
        """The most frequent letters that could not be written, by code point."""
        return dict(self.unwritable.most_common(NAMED))

    @property
    def _columns(self) -> Sequence[str]:
        keys: Sequence[str] = self.export.columns
        return keys

    @property
    def _tells(self) -> bool:
        return self.export.encoding == CustomerExport.Encoding.CP932

    def _head(self) -> None:
        titles = columns.heading(self._columns)
        if self._tells:
            with override("ja"):
                told = gettext("Letters that cannot be written")
            titles = [*(spelt(title, self.export.encoding)[0] for title in titles), told]
        self._held += self.file.row(titles)

    def _add(self, customer: Customer, said: Sequence[str]) -> None:
        self.rows += 1
        self.sensitive += bool(customer.is_foreign_pep)
        self._customers.append(str(customer.pk))
        if self._tells:
            spellings = [spelt(cell, self.export.encoding) for cell in said]
            points = [point for _cell, found in spellings for point in found]
            self.unwritable.update(points)
            said = [*(cell for cell, _found in spellings), " ".join(dict.fromkeys(points))]
        self._held += self.file.row(said)

    def _flush(self) -> None:
        if not self._held:
            return
        body = bytes(self._held)
        ExportPiece.objects.create(export=self.export, position=self._position, customers=self._customers, body=body)
        self._digest.update(body)
        self.size += len(body)
        self._position += 1
        self._held.clear()
        self._customers = []


def _batches(customers: QuerySet[Customer]) -> Iterator[list[Customer]]:
    rows = customers.order_by("pk")
    group = list(rows[:BATCH])
    while group:
        yield group
        group = list(rows.filter(pk__gt=group[-1].pk)[:BATCH]) if len(group) == BATCH else []
