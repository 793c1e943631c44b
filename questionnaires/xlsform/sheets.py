"""The program inside the jail for XLSForm workbooks: one inspected .xlsx in, its cells out as JSON.

Run as a process of its own, of which nothing is left afterwards. It also asks pyxform, which other tools are built on,
whether the workbook is an XLSForm at all. Knows no Django.
"""

import io
import json
import sys
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum
from pyxform.builder import create_survey_element_from_dict
from pyxform.errors import PyXFormError
from pyxform.xls2json import workbook_to_json
from pyxform.xls2json_backends import get_xlsform

from uploads.jail import close_the_doors

SHEETS = ("survey", "choices", "settings")
MAX_ROWS = {"survey": 2_000, "choices": 8_000, "settings": 2}
MAX_COLUMNS = 120
MAX_CELL = 4_000
ADDRESS_SPACE = 1_024 * 1024**2
CPU_SECONDS = 20

type Cells = list[tuple[int, list[str]]]


class Refused(Exception):
    """A workbook we do not take; the text is the reason's code."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.params = params


def cells_of(data: bytes) -> dict[str, Cells]:
    """The rows of the three sheets with their numbers as a spreadsheet shows them. Raises Refused."""
    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        found: dict[str, CalamineSheet] = {}
        for index, about in enumerate(workbook.sheets_metadata):
            name = about.name.strip().lower()
            if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible and name in SHEETS:
                if name in found:
                    raise Refused("sheet_twice", sheet=name)
                found[name] = workbook.get_sheet_by_index(index)
        if "survey" not in found:
            raise Refused("no_survey", sheets=[about.name[:40] for about in workbook.sheets_metadata[:5]])
        return {name: _rows(name, sheet) for name, sheet in found.items()}


def _rows(name: str, sheet: CalamineSheet) -> Cells:
    last_row, last_column = sheet.end or (0, 0)
    if last_row >= MAX_ROWS[name]:
        raise Refused("too_many_rows", sheet=name, limit=MAX_ROWS[name], found=last_row + 1)
    if last_column >= MAX_COLUMNS:
        raise Refused("too_many_columns", sheet=name, limit=MAX_COLUMNS, found=last_column + 1)
    before = (sheet.start or (0, 0))[1]
    rows = []
    for at, values in enumerate(sheet.iter_rows()):
        cells = [""] * before + [_text(value) for value in values]
        if longest := next((at for at, cell in enumerate(cells) if len(cell) > MAX_CELL), None):
            raise Refused("cell_too_long", sheet=name, row=at + 1, column=longest + 1, limit=MAX_CELL)
        if any(cell.strip() for cell in cells):
            rows.append((at + 1, cells))
    return rows


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if (value.hour, value.minute) == (0, 0) else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def pyxform_says(data: bytes) -> str:
    """Why it is no XLSForm, in pyxform's words; "" if it is one."""
    try:
        # As pyxform's own `convert`, which writes a file on the way: nothing can be opened here.
        said = workbook_to_json(workbook_dict=get_xlsform(io.BytesIO(data), file_type=".xlsx"), form_name="data")
        create_survey_element_from_dict(said).xml()
    except PyXFormError as error:
        return str(error)[:600]
    return ""


def main() -> int:
    """Standard input to standard output; what is wrong goes to standard error as one line of JSON."""
    data = sys.stdin.buffer.read()
    "".encode("cp437")  # names in archives are in it, and a codec is a file
    _warm()
    close_the_doors(memory=ADDRESS_SPACE, seconds=CPU_SECONDS)
    try:
        said: dict[str, object] = {"sheets": cells_of(data), "pyxform": pyxform_says(data)}
        sys.stdout.buffer.write(json.dumps(said).encode())
        sys.stdout.buffer.flush()
    except Refused as refused:
        said = {"reason": str(refused), **refused.params}
    except MemoryError:
        said = {"reason": "too_costly"}
    except BaseException:  # a panic of the reader's is no Exception
        said = {"reason": "damaged"}
    else:
        return 0
    sys.stderr.write(json.dumps(said) + "\n")
    return 1


def _warm() -> None:
    """Have everything loaded that a conversion loads late: once the doors are closed no file can be opened."""
    file, book = io.BytesIO(), Workbook()
    sheet = book.worksheets[0]
    sheet.title = "survey"
    for row in (("type", "name", "label", "relevant"), ("text", "a", "A", ""), ("note", "b", "B", "${a} = '1'")):
        sheet.append(row)
    book.save(file)
    pyxform_says(file.getvalue())
