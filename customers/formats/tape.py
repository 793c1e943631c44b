"""The form in which a file that is not lines of text is kept until it is read: one record a line, its number first.

A workbook's rows and a fixed-length file's records are written so when they arrive; whatever reads a kept file then
knows one more delimiter and nothing of their formats. Knows neither Django nor our code.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

UNIT = "\x1f"
MAGIC = UNIT * 2
ENCODING = "utf-8"
# What a cell was in the sheet, where its text alone does not say it.
DATE, UNREAD = "d", "f"
PIECE = 256 * 1024

_ESCAPE = "\x1b"
_ESCAPED = re.compile("\x1b(?:x([0-9A-F]{2})|(.))")
_OUT = {code: _ESCAPE + chr(code + 0x40) for code in (0x00, 0x0A, 0x0D, 0x1B, 0x1F)} | {
    # Bytes that are no character come as lone surrogates, as everywhere in our reading.
    0xDC00 + byte: f"{_ESCAPE}x{byte:02X}"
    for byte in range(0x80, 0x100)
}


class Row(NamedTuple):
    """One row of a sheet or record of a file: its number there, its cells, and what some of them were."""

    number: int
    cells: Sequence[str]
    marks: Mapping[int, str] = {}


def pieces(source: str, header: Row, rows: Iterable[Row]) -> Iterator[bytes]:
    """The tape, some hundred kilobytes at a time; `source` is the encoding that the file itself had."""
    held = [MAGIC, source, UNIT, _line(header)]
    size = 0
    for row in rows:
        line = _line(row)
        held.append(line)
        size += len(line)
        if size > PIECE:
            yield "".join(held).encode(ENCODING)
            held, size = [], 0
    yield "".join(held).encode(ENCODING)


def _line(row: Row) -> str:
    cells = [cell.translate(_OUT) for cell in row.cells]
    for index, mark in row.marks.items():
        cells[index] = f"{_ESCAPE}{mark}{cells[index]}"
    return UNIT.join((str(row.number), *cells)) + "\n"


def header_of(line: str) -> tuple[str, Row]:
    """The first line of a tape: the file's own encoding, and its header."""
    source, _, rest = line.removeprefix(MAGIC).partition(UNIT)
    return source, row_of(rest)


def row_of(line: str) -> Row:
    """A line of a tape as it was written."""
    number, *cells = line.rstrip("\n").split(UNIT)
    marks = {}
    if _ESCAPE in line:
        marks = {index: cell[1] for index, cell in enumerate(cells) if cell[:2] in (_ESCAPE + DATE, _ESCAPE + UNREAD)}
        cells = [_ESCAPED.sub(_in, cell[2:] if index in marks else cell) for index, cell in enumerate(cells)]
    return Row(int(number) if number.isdecimal() else 0, cells, marks)


def _in(found: re.Match[str]) -> str:
    if found[1]:
        return chr(0xDC00 + int(found[1], 16))
    return chr((ord(found[2]) - 0x40) % 0x80)
