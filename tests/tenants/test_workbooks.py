"""Workbooks that we write: what went in comes out, as text, however large the file is."""

from __future__ import annotations

import io
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tenants import workbooks
from tenants.workbooks import MAX_CHARACTERS, Sheet, SheetFull


def written(rows: Iterable[Sequence[str]], *, heads: int = 1) -> bytes:
    sheet = Sheet(name="顧客", columns=4, heads=heads)
    return b"".join(sheet.row(row) for row in rows) + sheet.end()


def read(data: bytes) -> list[list[Any]]:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("顧客")
    return sheet.to_python(skip_empty_area=False)


def test_every_cell_is_a_text_and_keeps_its_zeros_its_spaces_and_its_signs() -> None:
    row = ["0000000001", "=HYPERLINK(0)", "  間　 ", "<&>\"'\n二行目"]
    data = written([["顧客番号", "氏名", "", "備考"], row])
    assert read(data) == [["顧客番号", "氏名", "", "備考"], row]
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet, "nothing in it is a formula"
    assert sheet.count(b't="inlineStr"') == 7, "every value says itself that it is a text"


def test_the_parts_are_whole_and_nothing_tells_when_or_by_whom_it_was_written() -> None:
    data = written([["あ"]])
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert data == written([["あ"]]), "the same rows are the same file"
    assert data != written([["い"]]), "control"


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=40), max_size=4))
def test_any_text_comes_back_to_the_character(cells: list[str]) -> None:
    cells = [cell.translate({0xFFFE: None, 0xFFFF: None}) or "x" for cell in cells] or ["x"]
    assert read(written([cells]))[0] == cells


def test_what_xml_cannot_hold_is_spelt_out_and_a_text_that_looks_so_is_not_taken_for_it() -> None:
    sheet = zipfile.ZipFile(io.BytesIO(written([["a\x01b", "_x0001_", "\ud83d"]]))).read("xl/worksheets/sheet1.xml")
    assert b">a_x0001_b<" in sheet
    assert b">_x005F_x0001_<" in sheet
    assert b">_xD83D_<" in sheet


def test_more_than_a_sheet_holds_is_refused_and_nothing_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(read(written([["𠮷" * (MAX_CHARACTERS // 2)]]))[0][0]) == MAX_CHARACTERS // 2, "control"
    for long in ("あ" * (MAX_CHARACTERS + 1), "𠮷" * (MAX_CHARACTERS // 2 + 1)):
        with pytest.raises(SheetFull):
            written([[long]])
    monkeypatch.setattr(workbooks, "MAX_ROWS", 2)
    assert len(read(written([["1"], ["2"]]))) == 2, "control"
    with pytest.raises(SheetFull):
        written([["1"], ["2"], ["3"]])
    monkeypatch.setattr(workbooks, "MAX_BYTES", 900)
    with pytest.raises(SheetFull):
        written([["x" * 900]])


def test_a_large_workbook_takes_no_memory_and_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "mkstemp", lambda *_args, **_more: 1 / 0)
    sheet = Sheet(name="顧客", columns=4, heads=1)

    def pieces(count: int) -> int:
        rows = ([f"{one:010d}", "髙橋　一郎", "東京都中央区日本橋1-2-3", str(one * 7919)] for one in range(count))
        return sum(len(sheet.row(row)) for row in rows)

    pieces(100)
    tracemalloc.start()
    try:
        size = pieces(10_000)
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 100_000, "it leaves while it is written"
    assert grown < 200_000, f"{grown} bytes more"
