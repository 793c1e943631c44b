"""Excel workbooks written row by row: every cell is text, nothing lies on disk in clear, and memory stays flat.

XlsxWriter makes the workbook around the rows; the rows themselves are written into its sheet as they come, because the
library would keep them in memory or in a file that anybody on the machine can read.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import IO, cast

import xlsxwriter

# What Excel opens: rows of a sheet, and characters of a cell as UTF-16 counts them.
MAX_ROWS = 1_048_576
MAX_CHARACTERS = 32_767
# A sheet of 2 GiB and more needs the large form of ZIP, which Excel does not open where a file was written in one go.
MAX_BYTES = 2_000_000_000

_SHEET = "xl/worksheets/sheet1.xml"
_ROWS_STAND_HERE = b"<sheetData/>"
# The column's style, in which what is typed stays text as well.
_AS_TEXT = 1
# Whole files are compared by their hash: the hour at which they were written is not in them.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
# What XML cannot hold stands as _x0001_, and what already looks so gets its underscore spelt out (ECMA-376, 22.9.2.19).
_SPELT = re.compile("_(?=x[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


class SheetFull(Exception):
    """More than a sheet can hold: rows, characters in one cell, or bytes."""


class Sheet:
    """A workbook of one sheet; what `row` and `end` give, one behind the other, is the file."""

    def __init__(self, *, name: str, columns: int, heads: int) -> None:
        """``heads``: how many of the first rows stay in sight."""
        self._out = _Outlet()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._out), "w", zipfile.ZIP_DEFLATED)
        skeleton = zipfile.ZipFile(io.BytesIO(_skeleton(name, columns, heads)))
        for part in skeleton.namelist():
            if part != _SHEET:
                self._zip.writestr(_named(part), skeleton.read(part))
        before, self._after = skeleton.read(_SHEET).split(_ROWS_STAND_HERE)
        self._rows = 0
        self._size = len(before) + len(self._after)
        self._sheet = self._zip.open(_named(_SHEET), "w")
        self._sheet.write(before + b"<sheetData>")

    def row(self, cells: Iterable[str]) -> bytes:
        """Write one row; the bytes that are ready by then, often none. Raises SheetFull."""
        self._rows += 1
        inside = "".join(f'<c r="{_letters(at)}{self._rows}"{_text(cell)}' for at, cell in enumerate(cells) if cell)
        line = f'<row r="{self._rows}">{inside}</row>'.encode()
        self._size += len(line)
        if self._rows > MAX_ROWS or self._size > MAX_BYTES:
            raise SheetFull
        self._sheet.write(line)
        return self._out.taken()

    def end(self) -> bytes:
        """The rest of the file."""
        self._sheet.write(b"</sheetData>" + self._after)
        self._sheet.close()
        self._zip.close()
        return self._out.taken()


class _Outlet:
    """What the archive is written to: held until somebody takes it, and never gone back in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits behind it."""

    def taken(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data


def _skeleton(name: str, columns: int, heads: int) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": datetime(*_NO_TIME, tzinfo=UTC)})
    sheet = book.add_worksheet(name)
    sheet.set_column(0, max(columns - 1, 0), 18, book.add_format({"num_format": "@"}))
    sheet.freeze_panes(heads, 0)
    book.close()
    return out.getvalue()


def _named(part: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(part, date_time=_NO_TIME)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _text(cell: str) -> str:
    if len(cell) > MAX_CHARACTERS or len(cell.encode("utf-16-le", "surrogatepass")) > 2 * MAX_CHARACTERS:
        raise SheetFull
    inside = escape(_SPELT.sub(lambda found: f"_x{ord(found[0]):04X}_", cell), quote=False)
    return f' s="{_AS_TEXT}" t="inlineStr"><is><t xml:space="preserve">{inside}</t></is></c>'


def _letters(index: int) -> str:
    """The name of a column, A for 0."""
    return (_letters(index // 26 - 1) if index > 25 else "") + chr(65 + index % 26)
