"""A file on its way in: what it is by its first bytes, and the pieces in which it is kept."""

import hashlib
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from customers.decoding import FileRefused
from customers.formats.fixed import FixedTable, tape_of_fixed
from customers.formats.tape import MAGIC
from customers.formats.workbooks import MAX_BYTES, SIGNATURES, tape_of_workbook

PIECE = 512 * 1024


class Intake:
    """One file as it is read, once, and its size and hash as it arrived, whatever it is turned into.

    `table` says how the file is laid out when its lengths are fixed; without it the file is a workbook or lines of
    text with a heading. `limit`: how many bytes are read at most.
    """

    def __init__(self, file: BinaryIO, *, limit: int, table: FixedTable | None = None) -> None:
        self.size = 0
        self._file = file
        self._limit = limit
        self._table = table
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of what has been read so far."""
        return self._digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """The file as it is kept, to be read by `decoding.layout_of` and `decoding.records_of`.

        Raises:
            FileRefused: it can't be what it should be, or is too large.
        """
        if getattr(self._file, "size", 0) > self._limit:  # what the sender says, before anything is read
            raise self._too_large()
        first = self._read(PIECE)
        if not first or first.startswith(MAGIC.encode()):
            raise FileRefused("not_csv", kind="binary") if first else FileRefused("empty")
        if self._table:
            yield from tape_of_fixed(chain([first], self._rest()), self._table)
        elif first.startswith(SIGNATURES):
            yield from tape_of_workbook(first + self._read(MAX_BYTES + 1 - len(first)))
        else:
            yield first
            yield from self._rest()

    def _rest(self) -> Iterator[bytes]:
        return iter(lambda: self._read(PIECE), b"")

    def _read(self, size: int) -> bytes:
        piece = self._file.read(size)
        self.size += len(piece)
        if self.size > self._limit:
            raise self._too_large()
        self._digest.update(piece)
        return piece

    def _too_large(self) -> FileRefused:
        return FileRefused("too_large", limit=self._limit // 1024**2)
