"""Cells of the files that people open in a spreadsheet: text stays text, and the value can be had back.

A cell that a spreadsheet might run gets one apostrophe in front. So does a cell that already begins with apostrophes
before such a text; therefore taking one away (``original_cell``) always gives back exactly what went in.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable

MARK = "'"
# What begins a formula, or a call to another program (DDE), also in full width, small and raised forms by NFKC.
_RUNS = frozenset("=+-@|%\u2212")


def safe_cell(value: str) -> str:
    """The text as it may stand in a cell."""
    return MARK + value if _would_run(value.lstrip(MARK)) else value


def original_cell(cell: str) -> str:
    """What ``safe_cell`` was given."""
    return cell[1:] if cell.startswith(MARK) and _would_run(cell.lstrip(MARK)) else cell


def csv_line(cells: Iterable[str], *, encoding: str) -> bytes:
    """One line of CSV (RFC 4180, every cell in quotes). What the encoding lacks is written as ``\\uXXXX``."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue().encode(encoding, "backslashreplace")


def _would_run(text: str) -> bool:
    for char in text:
        kind = unicodedata.category(char)
        if kind == "Cc":
            return True
        if not (char.isspace() or kind == "Cf"):
            return unicodedata.normalize("NFKC", char)[0] in _RUNS
    return False
