"""F5: no cell we write is run by a spreadsheet, every value comes back, and nothing writes cells past this."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.cells import csv_line, original_cell, safe_cell
from tests.conftest import ROOT
from tests.test_architecture import modules

DANGEROUS = [
    "=1+1", "=cmd|' /C calc'!A0", "+81901234", "-1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", "\n=1",
    "＝1+1", "＋1", "－1", "＠SUM(1)", "−1", "﹦1", "⁺1", " =1", "　＝1", "\u00a0=1", "\u200b=1", "\ufeff=1", "|calc",
    "\0=1", "%x", "'=1", "''=1", '=HYPERLINK("http://evil","x")', "=1;=2",
]  # fmt: skip
HARMLESS = ["", "髙﨑　花子", "1030027", "東京都 -1", "a=b", "ー", "'tis", "''", "'", " ' =1", "O'Brien", "1-2-3"]


@pytest.mark.parametrize("value", DANGEROUS)
def test_what_would_run_becomes_text(value: str) -> None:
    assert safe_cell(value) == "'" + value
    assert original_cell("'" + value) == value


@pytest.mark.parametrize("value", HARMLESS)
def test_what_would_not_run_stays_as_it_is(value: str) -> None:
    assert safe_cell(value) == value
    assert original_cell(value) == value


@given(st.text() | st.from_regex(r"[' ]*[=+\-@＝|\t]?\w*", fullmatch=True))
def test_every_value_comes_back(value: str) -> None:
    assert original_cell(safe_cell(value)) == value


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_a_line_comes_back_cell_by_cell(cells: list[str]) -> None:
    line = csv_line(cells, encoding="utf-8").decode()
    assert line.endswith("\r\n")
    read = next(csv.reader(io.StringIO(line, newline="")))
    assert [original_cell(cell) for cell in read] == cells


def test_a_separator_of_another_country_opens_no_cell() -> None:
    """A spreadsheet that splits at semicolons sees one cell in quotes."""
    assert csv_line(["a;=1+1"], encoding="utf-8") == b'"a;=1+1"\r\n'


# What writes CSV by itself, and why it may.
WRITERS = {
    "tenants/cells.py": "this is the one",
    "customers/synthetic.py": "makes files to be imported, raw as a bank's own system writes them",
    "cdd/benchmarks/import_export_peer.py": "is what the import is measured against, and writes no file",
    "tenants/workbooks.py": "every cell is a text, which runs nowhere",
    "integrations/returns/filling.py": "writes the core system's own layout, and leaves formulas out (spelling.py)",
    "questionnaires/xlsform/writing.py": "every cell is a text by write_string, which runs nowhere",
    "questionnaires/xlsform/sheets.py": "hands pyxform the cells it has read, and keeps no file",
    "sandbox/houjin.py": "plays the tax agency, whose format is fixed",
}
WRITING = {"writer", "DictWriter"}


def writers(path: Path) -> Iterator[int]:
    """Lines where a module takes hold of something that writes spreadsheets."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "csv":
            if node.attr in WRITING:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module == "csv":
            if WRITING & {alias.name for alias in node.names}:
                yield node.lineno
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
            if any(name.split(".")[0] in {"xlsxwriter", "openpyxl", "tablib", "pandas"} for name in names):
                yield node.lineno


def test_nothing_else_writes_cells() -> None:
    found = {str(path.relative_to(ROOT)) for path in modules() if any(writers(path))}
    assert found == WRITERS.keys()


def test_a_hidden_writer_is_seen(tmp_path: Path) -> None:
    """Positive control."""
    for number, text in enumerate(
        ["import csv\ncsv.writer(x)", "import csv\nw = csv.DictWriter", "from csv import writer", "import xlsxwriter"]
    ):
        path = tmp_path / f"{number}.py"
        path.write_text(text)
        assert list(writers(path))
    path.write_text("import csv\ncsv.reader(x)")
    assert not list(writers(path))
