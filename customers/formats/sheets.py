"""The program inside the jail for workbooks: one inspected .xlsx in, the rows of its one sheet out as a tape.

Run as a process of its own, of which nothing is left afterwards: a sheet of two cells may ask for half a terabyte.
Dates come out as dates; a number comes out with the zeros that its format shows; an error or a formula that was never
calculated is told as such, because the reader of workbooks would leave the cell blank. Knows no Django.
"""

import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any
from xml.etree import ElementTree  # what declares entities was refused before

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from customers.formats.tape import DATE, UNREAD, Row, pieces
from uploads.jail import close_the_doors

MAX_ROWS = 500_000
MAX_COLUMNS = 1_000
ADDRESS_SPACE = 1_536 * 1024**2
CPU_SECONDS = 60
# Beyond 15 digits a sheet's number is no longer the one that was typed.
_EXACT = 10**15

_CELL = re.compile(rb"<(?:[\w.-]+:)?c\b([^<>]*)>")
_NEVER_CALCULATED = re.compile(
    rb"<(?:[\w.-]+:)?c\b([^<>]*)>\s*<(?:[\w.-]+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:[\w.-]+:)?f>)\s*</(?:[\w.-]+:)?c>"
)
_ATTRIBUTE = re.compile(rb"(?<![\w:])([rst])\s*=\s*[\"']([^\"']*)[\"']")
_VALUE = re.compile(rb"<(?:[\w.-]+:)?v>([^<]*)<")
_PLACE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
_ZEROS = re.compile(r"0[0-]*0")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Refused(Exception):
    """A workbook we do not take; the text is the reason's code."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.params = params


class _Notes:
    """What the reader of workbooks does not tell of a sheet: by row and column, both from 0."""

    def __init__(self) -> None:
        self.errors: dict[tuple[int, int], str] = {}
        self.formats: dict[tuple[int, int], str] = {}
        self.unread: set[tuple[int, int]] = set()

    def rows(self) -> set[int]:
        """The rows that there is something to tell of."""
        return {row for row, _ in (*self.errors, *self.formats, *self.unread)}


def tape_of(data: bytes) -> Iterator[bytes]:
    """The sheet with content as a tape. Raises Refused, or anything that a reader of workbooks may raise."""
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        index, sheet = _one_sheet(workbook)
        _check_size(sheet)
        rows = _rows(sheet, _notes(data, index))
        header = next(rows, None)
        if header is None:
            raise Refused("empty")
        width = len(header.cells)
        yield from pieces("utf-8", header, (_padded(row, width) for row in rows))


def _one_sheet(workbook: CalamineWorkbook) -> tuple[int, CalamineSheet]:
    """The visible sheet that has something in it. Several would leave us to guess which of them is meant."""
    found: list[tuple[int, CalamineSheet]] = []
    for index, about in enumerate(workbook.sheets_metadata):
        if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible:
            sheet = workbook.get_sheet_by_index(index)
            if sheet.end is not None:
                found.append((index, sheet))
    if not found:
        raise Refused("empty")
    if len(found) > 1:
        raise Refused("several_sheets", sheets=[sheet.name[:40] for _, sheet in found[:5]])
    return found[0]


def _check_size(sheet: CalamineSheet) -> None:
    last_row, last_column = sheet.end or (0, 0)
    if last_row >= MAX_ROWS:
        raise Refused("too_many_rows", limit=MAX_ROWS, found=last_row + 1)
    if last_column >= MAX_COLUMNS:
        raise Refused("too_many_columns", limit=MAX_COLUMNS, found=last_column + 1)


def _rows(sheet: CalamineSheet, notes: _Notes) -> Iterator[Row]:
    """The rows that have something in them, without the empty cells at their ends."""
    first_column = (sheet.start or (0, 0))[1]
    noted = notes.rows()
    for at, values in enumerate(sheet.iter_rows()):
        if at in noted:
            cells, marks = _noted_cells(at, first_column, values, notes)
        elif values.count("") == len(values):
            continue
        else:
            cells = [value if isinstance(value, str) else _text(value) for value in values]
            marks = {index: DATE for index, value in enumerate(values) if isinstance(value, date)}
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield Row(at + 1, cells, marks)


def _padded(row: Row, width: int) -> Row:
    return row._replace(cells=[*row.cells, *[""] * (width - len(row.cells))])


def _noted_cells(at: int, first: int, values: list[Any], notes: _Notes) -> tuple[list[str], dict[int, str]]:
    cells, marks = [], {}
    for index, value in enumerate(values):
        place = (at, first + index)
        text = value if isinstance(value, str) else _text(value, notes.formats.get(place))
        if not text and place in notes.errors:
            text = notes.errors[place]
        elif not text and place in notes.unread:
            text, marks[index] = "=", UNREAD
        elif isinstance(value, date):
            marks[index] = DATE
        cells.append(text)
    return cells, marks


def _text(value: Any, zeros: str | None = None) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return _with_zeros(int(value), zeros)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _with_zeros(number: int, zeros: str | None) -> str:
    """The number as the format shows it: 600001 by 000-0000 is 060-0001."""
    if zeros is None or number < 0:
        return str(number)
    digits = str(number).rjust(zeros.count("0"), "0")
    shown = ""
    for sign in reversed(zeros):
        if sign == "0":
            digits, last = digits[:-1], digits[-1]
            shown = last + shown
        else:
            shown = sign + shown
    return digits + shown


def _notes(data: bytes, index: int) -> _Notes:
    notes = _Notes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        formats = _zero_formats(archive)
        xml = archive.read(_path_of(archive, index))
    if b"<f" in xml or b":f" in xml:
        notes.unread = {_place(_attributes(found)) for found in _NEVER_CALCULATED.finditer(xml)}
    if not formats and b't="e"' not in xml and b"t='e'" not in xml:
        return notes
    for found in _CELL.finditer(xml):
        about = _attributes(found)
        if about.get(b"t") == b"e":
            value = _VALUE.search(xml, found.end(), found.end() + 10_000)
            notes.errors[_place(about)] = value[1].decode() if value else "#VALUE!"
        elif about.get(b"s", b"") in formats:
            notes.formats[_place(about)] = formats[about[b"s"]]
    return notes


def _attributes(cell: re.Match[bytes]) -> dict[bytes, bytes]:
    return dict(_ATTRIBUTE.findall(cell[1]))


def _place(about: Mapping[bytes, bytes]) -> tuple[int, int]:
    found = _PLACE.fullmatch(about.get(b"r", b""))
    if not found:
        raise Refused("damaged")  # we know that something is wrong with a cell, and not with which
    column = 0
    for letter in found[1]:
        column = column * 26 + letter - 64
    return int(found[2]) - 1, column - 1


def _path_of(archive: zipfile.ZipFile, index: int) -> str:
    """Where in the archive the sheet lies."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  # looked through before
    sheets = book.findall("{*}sheets/{*}sheet")
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314  # looked through before
    target = next(each.get("Target", "") for each in relations if each.get("Id") == sheets[index].get(_RELATION))
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _zero_formats(archive: zipfile.ZipFile) -> dict[bytes, str]:
    """The styles that show numbers with zeros in front, as the style's number and 000-0000."""
    if "xl/styles.xml" not in archive.namelist():
        return {}
    styles = ElementTree.fromstring(archive.read("xl/styles.xml"))  # noqa: S314  # looked through before
    codes = {each.get("numFmtId"): each.get("formatCode", "") for each in styles.findall("{*}numFmts/{*}numFmt")}
    found = {}
    for number, style in enumerate(styles.findall("{*}cellXfs/{*}xf")):
        # Of several sections the last one is for all that the others are not for.
        code = codes.get(style.get("numFmtId"), "").rpartition(";")[2].translate({92: None, 34: None})
        if _ZEROS.fullmatch(code):
            found[str(number).encode()] = code
    return found


def main() -> int:
    """Standard input to standard output; what is wrong goes to standard error as one line of JSON."""
    data = sys.stdin.buffer.read()
    "".encode("cp437")  # names in archives are in it, and a codec is a file
    close_the_doors(memory=ADDRESS_SPACE, seconds=CPU_SECONDS)
    try:
        for piece in tape_of(data):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except Refused as refused:
        said: dict[str, object] = {"reason": str(refused), **refused.params}
    except MemoryError:
        said = {"reason": "too_costly"}
    except BaseException:  # a panic of the reader's is no Exception
        said = {"reason": "damaged"}
    else:
        return 0
    sys.stderr.write(json.dumps(said) + "\n")
    return 1
