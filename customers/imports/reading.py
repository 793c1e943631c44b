"""The rows of a kept file, one after another, whatever columns the file has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from django.db import transaction

from customers.decoding import SNIFF_BYTES, Layout, Record, records_of
from customers.facts.catalogue import USUAL
from customers.facts.shape import Fact
from customers.importing import CustomerRow, Rejection, RowReader
from customers.imports.layouts import layout_in_force
from customers.models import CustomerImport, ImportChunk


class MappedReader:
    """A RowReader for files that lack usual columns: what is not in the file is blank in every row."""

    def __init__(self, layout: Layout, today: date, own: Mapping[str, Fact]) -> None:
        missing = [key for key in USUAL if key not in layout.columns]
        self._blank = [""] * len(missing)
        self._width = len(layout.columns)
        self._reader = RowReader(replace(layout, columns=(*layout.columns, *missing)), today, own)

    def skip(self, record: Record) -> None:
        """As RowReader.skip."""
        self._reader.skip(record)

    def number_of(self, record: Record) -> str:
        """As RowReader.number_of."""
        return self._reader.number_of(record)

    def read_together(self, records: Sequence[Record]) -> list[CustomerRow | Rejection]:
        """As RowReader.read_together; a rejection has the file's own cells."""
        if not self._blank:
            return self._reader.read_together(records)
        widened = [
            record if record.problem else record._replace(fields=[*record.fields, *self._blank]) for record in records
        ]
        unread = {record.line for record in records if record.problem}
        return [
            result if isinstance(result, CustomerRow) else self._own(result, is_unread=result.line in unread)
            for result in self._reader.read_together(widened)
        ]

    def _own(self, rejection: Rejection, *, is_unread: bool) -> Rejection:
        if not is_unread:
            return replace(rejection, cells=rejection.cells[: self._width])
        errors = (replace(error, params={**error.params, "expected": self._width}) for error in rejection.errors)
        return replace(rejection, errors=tuple(errors))


class KeptFile:
    """A file as it lies in its pieces; one piece is held at a time. Needs the tenant's context."""

    def __init__(self, customer_import: CustomerImport) -> None:
        self._import = customer_import
        self._first = self._piece(0)

    @property
    def is_there(self) -> bool:
        """Whether it has not been destroyed."""
        return bool(self._first)

    @property
    def head(self) -> bytes:
        """What the layout is guessed from."""
        return self._first[:SNIFF_BYTES]

    def layout(self) -> Layout:
        """How it is read. Raises FileRefused."""
        return layout_in_force(self._import, self.head)

    def records(self, layout: Layout) -> Iterator[Record]:
        """From the first record below the header to the last."""
        return records_of(self._pieces(), layout)

    def unread(self, layout: Layout, reader: MappedReader) -> Iterator[Record]:
        """The records that no earlier run has dealt with; ``reader`` takes note of the others."""
        for record in self.records(layout):
            if record.line > self._import.next_line:
                yield record
            else:
                reader.skip(record)

    def _pieces(self) -> Iterator[bytes]:
        piece, position = self._first, 0
        while piece:
            yield piece
            position += 1
            piece = self._piece(position)

    def _piece(self, position: int) -> bytes:
        with transaction.atomic():
            chunk = ImportChunk.objects.filter(customer_import=self._import, position=position).first()
        return chunk.body if chunk else b""
