"""A return file, record by record, with what its trailer has to say of it: pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from integrations.returns.layouts import NEWLINES, OF_CUSTOMER, POSITION, TEXT, Cell, ReturnForm
from integrations.returns.spelling import Hindrance, Unwritable, bytes_of, check_cell, filled, text_of
from tenants.workbooks import MAX_CHARACTERS, Sheet

HASH_DIGITS = 12
NOTHING, NEW, GONE = "0", "1", "2"
SHEET = "反映"
_NO_VALUE: tuple[Any, ...] = (None, "", [])


@dataclass(slots=True)
class Totals:
    """What the file holds: customers' records, values that changed, and the sum of the numbers of the customers.

    The sum (hash total) is of their digits as one number each, of which the last twelve digits count.
    """

    records: int = 0
    changes: int = 0
    hash_total: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose record it is."""

    number: str
    kind: str
    branch_code: str


@dataclass(slots=True)
class ReturnFile:
    """One file being written. What its methods give, one behind the other, is the file."""

    form: ReturnForm
    number: int
    on: date
    totals: Totals = field(default_factory=Totals)
    _book: Sheet | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.form.format == "xlsx":
            columns = max(len(cells) for _record, cells in self.form.records())
            heads = bool(self.form.header) + self.form.titles
            self._book = Sheet(name=SHEET, columns=columns, heads=heads)

    def head(self) -> bytes:
        """What stands before the first customer."""
        mark = "\ufeff".encode() if self.form.encoding.endswith("-sig") else b""
        titles = self._line([cell.title for cell in self.form.body]) if self._has_titles else b""
        return mark + self._plain(self.form.header) + titles

    def record(self, subject: Subject, changes: Mapping[str, Any]) -> tuple[bytes, dict[str, Hindrance]]:
        """The record of one customer, and the changes that it could not carry; no bytes where it carries none.

        ``changes``: new values by fact, None where there is none any more. Of a workbook the bytes come later.

        Raises:
            SheetFull: a workbook holds no more records.
        """
        hindered = {key: why for key, value in changes.items() if (why := self._hindrance(key, value))}
        carried = {key: value for key, value in changes.items() if key not in hindered}
        if not carried:
            return b"", hindered
        try:
            line = self._written(self.form.body, lambda cell: self._said(cell, subject, carried))
        except Unwritable as unwritable:  # the number itself, or the branch: nobody could tell whose record it is
            return b"", {**dict.fromkeys(carried, unwritable.hindrance), **hindered}
        self.totals.records += 1
        self.totals.changes += len(carried)
        digits = "".join(char for char in subject.number if char.isdigit()) or "0"
        self.totals.hash_total = (self.totals.hash_total + int(digits)) % 10**HASH_DIGITS
        return line, hindered

    def tail(self) -> bytes:
        """What stands behind the last customer. Raises Unwritable where a total is longer than its field."""
        records = self._plain(self.form.trailer) + self._plain(self.form.end)
        return records + self._book.end() if self._book else records

    @property
    def _has_titles(self) -> bool:
        return self.form.titles and self.form.format != "fixed"

    def _plain(self, cells: Sequence[Cell]) -> bytes:
        return self._written(cells, self._of_file) if cells else b""

    def _of_file(self, cell: Cell) -> str:
        if cell.what == TEXT:
            return cell.text
        said = {
            "batch_number": str(self.number),
            "batch_on": f"{self.on:%Y%m%d}",
            "records": str(self.totals.records),
            "changes": str(self.totals.changes),
            "hash_total": str(self.totals.hash_total),
        }
        return said[cell.what]

    def _said(self, cell: Cell, subject: Subject, carried: Mapping[str, Any]) -> str:
        if cell.marks:
            value = carried.get(cell.marks)
            return NOTHING if cell.marks not in carried else GONE if value in _NO_VALUE else NEW
        if cell.what in OF_CUSTOMER:
            own = {"customer_number": subject.number, "kind": subject.kind, "branch_code": subject.branch_code}
            return text_of(cell, own[cell.what], self.form.known)
        if cell.what == POSITION:
            return str(self.totals.records + 1)
        return text_of(cell, carried[cell.fact], self.form.known) if cell.fact in carried else self._unsaid(cell)

    def _unsaid(self, cell: Cell) -> str:
        return "" if cell.fact in self.form.facts else self._of_file(cell)

    def _hindrance(self, fact: str, value: Any) -> Hindrance | None:
        if value in _NO_VALUE and not any(cell.marks == fact for cell in self.form.body):
            return Hindrance("no_mark")  # an empty field would say that nothing changed
        cells = [cell for cell in self.form.body if cell.fact == fact]
        places = {cell.place[0] for cell in cells if cell.place}
        if places and not set(range(len(value or ()))) <= places:
            return Hindrance("places", {"people": len(value), "places": len(places)})
        try:
            for cell in cells:
                self._one(cell, text_of(cell, value, self.form.known))
        except Unwritable as unwritable:
            return unwritable.hindrance
        return None

    def _written(self, cells: Sequence[Cell], said: Callable[[Cell], str]) -> bytes:
        texts = [said(cell) for cell in cells]
        if self.form.format == "fixed":
            record = b"".join(self._one(cell, text) for cell, text in zip(cells, texts, strict=True))
            return record + NEWLINES[self.form.newline].encode()
        for cell, text in zip(cells, texts, strict=True):
            self._one(cell, text)
        return self._line(texts)

    def _one(self, cell: Cell, text: str) -> bytes:
        if self.form.format == "fixed":
            return filled(cell, text, encoding=self.form.encoding)
        if self._book:
            if len(text) > MAX_CHARACTERS // 2:  # at most two of UTF-16 each
                raise Unwritable("long_cell", limit=MAX_CHARACTERS // 2)
            return bytes_of(text, encoding=self.form.encoding)
        return bytes_of(check_cell(text), encoding=self.form.encoding)

    def _line(self, texts: Sequence[str]) -> bytes:
        if self._book:
            return self._book.row(texts)
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=NEWLINES[self.form.newline]).writerow(texts)
        return out.getvalue().encode(self.form.encoding.removesuffix("-sig"))
