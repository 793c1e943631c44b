"""F3: a workbook is looked through before anything reads it, and no bomb costs more than its limits."""

from __future__ import annotations

import io
import os
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest

from uploads.spreadsheets import WorkbookRefused, inspect_workbook

MIB = 1024**2
TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/></Types>'
)
BOOK = '<workbook><sheets><sheet name="顧客" sheetId="1" r:id="rId1"/></sheets></workbook>'
SHEET = "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"
RELS = (
    '<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)
PARTS: dict[str, str | bytes] = {
    "[Content_Types].xml": TYPES,
    "_rels/.rels": RELS,
    "xl/workbook.xml": BOOK,
    "xl/_rels/workbook.xml.rels": RELS,
    "xl/worksheets/sheet1.xml": SHEET,
}


def workbook(changed: dict[str, str | bytes] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in (PARTS | (changed or {})).items():
            archive.writestr(name, content)
    return out.getvalue()


def code_of(data: bytes) -> str:
    try:
        inspect_workbook(io.BytesIO(data))
    except WorkbookRefused as refused:
        return refused.code
    return "taken"


def test_an_honest_workbook_passes_and_can_be_read_from_its_beginning() -> None:
    link = RELS.replace(
        "</Rel", '<Relationship Type="http://x/hyperlink" TargetMode="External" Target="mailto:a@b"/></Rel'
    )
    rows = "".join(f"<row><c><v>{number}</v></c><c><is>東京都中央区{number}</is></c></row>" for number in range(30_000))
    sheet = f"<worksheet><sheetData>{rows}</sheetData></worksheet>"
    for data in (
        workbook(),
        workbook(method=zipfile.ZIP_STORED),
        workbook({"xl/worksheets/_rels/sheet1.xml.rels": link}),
        workbook({"xl/worksheets/sheet1.xml": sheet, "xl/media/image1.png": bytes(10), "xl/theme/": b""}),
    ):
        file = io.BytesIO(data)
        inspect_workbook(file)
        assert file.read(2) == b"PK"


def bomb(megabytes: int) -> bytes:
    """Repeated rows: half a megabyte of file, hundreds inside."""
    row = b"<row><c t='inlineStr'><is><t>" + b"A" * 300 + b"</t></is></c></row>"
    body = row * (megabytes * MIB // len(row))
    return workbook({"xl/worksheets/sheet1.xml": b"<worksheet><sheetData>" + body + b"</sheetData></worksheet>"})


def lying(data: bytes) -> bytes:
    """The directory states a hundredth of the sheet's true size."""
    out = bytearray(data)
    at = out.rindex(b"xl/worksheets/sheet1.xml") - 46
    assert out[at : at + 4] == b"PK\x01\x02"
    size = struct.unpack_from("<L", out, at + 24)[0]
    struct.pack_into("<L", out, at + 24, size // 100)
    return bytes(out)


def overlapping(data: bytes) -> bytes:
    """Two names for the same bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.getinfo("xl/workbook.xml").header_offset
    out = bytearray(data)
    struct.pack_into("<L", out, out.rindex(b"xl/worksheets/sheet1.xml") - 46 + 42, first)
    return bytes(out)


def claiming(data: bytes, count: int) -> bytes:
    out = bytearray(data)
    struct.pack_into("<HH", out, out.rindex(b"PK\x05\x06") + 8, count, count)
    return bytes(out)


def locked(data: bytes) -> bytes:
    """The first entry says that it is encrypted."""
    out = bytearray(data)
    out[out.index(b"PK\x01\x02") + 8] |= 1
    return bytes(out)


DTD = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
EXTERNAL = RELS.replace(
    "</Rel", '<Relationship Type="http://x/externalLink" TargetMode="&#69;xternal" Target="http://evil"/></Rel'
)
SHEETS = "<workbook><sheets>" + '<sheet name="x" r:id="rId1"/>' * 10_000 + "</sheets></workbook>"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: bomb(99), "too_large"),
        (lambda: bomb(201), "too_large"),
        (lambda: lying(bomb(99)), "damaged"),
        (lambda: overlapping(workbook()), "damaged"),
        (lambda: workbook({f"xl/worksheets/sheet{n}.xml": SHEET for n in range(1, 300)}), "too_many_files"),
        (lambda: claiming(workbook(), 34_464), "too_many_files"),
        (lambda: workbook({"xl/workbook.xml": SHEETS}), "too_many_sheets"),
        (lambda: workbook({"../../etc/cron.d/x": "x"}), "bad_names"),
        (lambda: workbook({"/etc/passwd": "x"}), "bad_names"),
        (lambda: workbook({"xl\\..\\x.xml": "x"}), "bad_names"),
        (lambda: workbook({"C:x.xml": "x"}), "bad_names"),
        (lambda: workbook({"XL/workbook.XML": BOOK}), "bad_names"),
        (lambda: workbook({"xl/vbaProject.bin": b"x"}), "macros"),
        (lambda: workbook({"xl/macrosheets/sheet1.xml": SHEET}), "macros"),
        (lambda: workbook({"[Content_Types].xml": TYPES.replace("sheet.main", "sheet.macroEnabled.main")}), "macros"),
        (lambda: workbook({"xl/externalLinks/externalLink1.xml": "<x/>"}), "external"),
        (lambda: workbook({"xl/connections.xml": "<x/>"}), "external"),
        (lambda: workbook({"xl/embeddings/oleObject1.bin": b"x"}), "external"),
        (lambda: workbook({"xl/_rels/workbook.xml.rels": EXTERNAL}), "external"),
        (lambda: workbook({"xl/_rels/workbook.xml.rels": EXTERNAL.replace("TargetM", 'x="a>b" TargetM')}), "external"),
        (lambda: workbook({"xl/_rels/workbook.xml.rels": EXTERNAL.replace("<Rela", "<a-b:Rela")}), "external"),
        (lambda: workbook({"xl/_rels/workbook.xml.rels": EXTERNAL.replace("=", "\n = ")}), "external"),
        (lambda: workbook({"xl/worksheets/sheet1.xml": DTD}), "definitions"),
        (lambda: workbook({"xl/worksheets/sheet1.xml": DTD.decode().encode("utf-16")}), "definitions"),
        (lambda: workbook({"xl/styles.xml": b'<?xml version="1.0" encoding="utf-7"?><x/>'}), "definitions"),
        (lambda: workbook({"xl/styles.xml": b"<x>" + b" " * 65_530 + b"<!DOCTYPE x>"}), "definitions"),
        (lambda: locked(workbook()), "old_or_locked"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_or_locked"),
        (lambda: workbook(method=zipfile.ZIP_BZIP2), "damaged"),
        (lambda: workbook()[:-40], "not_a_workbook"),
        (lambda: workbook() + workbook(), "damaged"),
        (lambda: b"PK\x05\x06" + bytes(18), "not_a_workbook"),
        (lambda: b"", "not_a_workbook"),
        (lambda: b"customer_number,kind\r\n", "not_a_workbook"),
    ],
    ids=lambda value: None if callable(value) else value,
)
def test_a_workbook_that_holds_more_than_a_list_is_refused(make: Callable[[], bytes], code: str) -> None:
    assert code_of(make()) == code


def test_a_damaged_part_is_found() -> None:
    data = bytearray(workbook(method=zipfile.ZIP_STORED))
    data[data.index(b"<sheetData>") + 1] ^= 1
    assert code_of(bytes(data)) == "damaged"


def test_looking_through_a_large_workbook_keeps_nothing() -> None:
    """24 MB, read to the end, a piece at a time."""
    sheet = b"<x>" + os.urandom(12 * MIB).hex().encode() + b"</x>"
    data = workbook({"xl/worksheets/sheet1.xml": sheet}, zipfile.ZIP_STORED)
    tracemalloc.start()
    began = time.monotonic()
    assert code_of(data) == "taken"
    seconds, peak = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * MIB
    assert seconds < 20
