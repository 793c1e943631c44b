"""Excel workbooks for the tests, written by hand: only so can they hold what no honest program would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
ROOT = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
# Style 1 shows days, 2 ten digits, 3 a postal code, 4 day and time.
STYLES = (
    f'<styleSheet {MAIN}><numFmts count="2"><numFmt numFmtId="164" formatCode="0000000000"/>'
    '<numFmt numFmtId="165" formatCode="[&lt;=999]000;[&lt;=9999]000\\-00;000\\-0000"/></numFmts><cellXfs count="5">'
    '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="22"/>'
    "</cellXfs></styleSheet>"
)
DAY, TEN_DIGITS, POSTAL, MOMENT = 1, 2, 3, 4


def text(value: str) -> str:
    """A cell with a text."""
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def number(value: float | str, style: int = 0) -> str:
    """A cell with a number, in one of the styles above."""
    return f' s="{style}"><v>{value}</v></c>'


def raw(inside: str, kind: str = "n") -> str:
    """A cell with anything in it."""
    return f' t="{kind}">{inside}</c>'


def sheet(*rows: Sequence[str], first: int = 1) -> str:
    """Rows of cells that the functions above made; an empty string leaves its cell out."""
    out = []
    for at, cells in enumerate(rows, start=first):
        inside = "".join(f'<c r="{letters(index)}{at}"{cell}' for index, cell in enumerate(cells) if cell)
        out.append(f'<row r="{at}">{inside}</row>')
    return "".join(out)


def letters(index: int) -> str:
    """The column's name, A for 0."""
    return (letters(index // 26 - 1) if index > 25 else "") + chr(65 + index % 26)


def workbook(*sheets: str, states: Sequence[str] = (), properties: str = "", styles: str = STYLES) -> bytes:
    """The workbook with these sheets (see `sheet`); `states` may be "hidden" or "veryHidden"."""
    out = io.BytesIO()
    numbers = range(1, len(sheets) + 1)
    hidden = [*states, *["visible"] * len(sheets)]
    listed = "".join(f'<sheet name="表{n}" sheetId="{n}" state="{hidden[n - 1]}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", ROOT)
        archive.writestr("xl/styles.xml", styles)
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {MAIN} xmlns:r="{OFFICE}">{properties}<sheets>{listed}</sheets></workbook>',
        )
        head = ROOT.partition("<Relationship I")[0]
        archive.writestr("xl/_rels/workbook.xml.rels", f"{head}{related}</Relationships>")
        for n, rows in zip(numbers, sheets, strict=True):
            body = f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>"
            archive.writestr(f"xl/worksheets/sheet{n}.xml", body)
    return out.getvalue()
