"""F3: Excel workbooks: what a sheet means is what is read, and what was made to do harm is refused with a sentence."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.decoding import COLUMNS, HEADER, FileRefused, Record, layout_of, records_of
from customers.formats.intake import Intake
from customers.formats.tape import DATE, UNREAD
from customers.wording import refusal
from tests.customers.books import PERSON
from tests.customers.workbooks import DAY, MOMENT, POSTAL, TEN_DIGITS, number, raw, sheet, text, workbook
from tests.uploads.test_spreadsheets import bomb
from uploads.spreadsheets import WorkbookRefused, inspect_workbook

MIB = 1024**2
TITLES = [text(title) for title in HEADER]
LIMIT = 100 * MIB
_KEYS = tuple(COLUMNS)


def read(data: bytes) -> list[Record]:
    """Through the way in, as a kept file would be read."""
    pieces = Intake(io.BytesIO(data), limit=LIMIT).pieces()
    first = next(pieces)
    return list(records_of(chain([first], pieces), layout_of(first[:65_536])))


def refused(data: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as raised:
        list(Intake(io.BytesIO(data), limit=LIMIT).pieces())
    sentence = refusal(raised.value.code, raised.value.params)
    assert sentence != refusal("no such code", {})
    assert "%(" not in sentence
    return raised.value


def with_cells(**cells: str) -> list[str]:
    """The good person with some cells changed."""
    return [cells.get(key, text(PERSON[key]) if PERSON.get(key) else "") for key in _KEYS]


def test_a_sheet_is_read_row_by_row_with_excels_own_row_numbers() -> None:
    rows = sheet(TITLES, with_cells(), [], with_cells(customer_number=text("2")), first=3)
    found = read(workbook(rows))
    assert [(record.line, record.fields[0]) for record in found] == [(4, "0000000001"), (6, "2")]
    assert found[0].fields == [PERSON.get(key, "") for key in _KEYS]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (number(29344, DAY), "1980-05-03"),
        (number(29344, MOMENT), "1980-05-03"),
        (number(29344.5, MOMENT), "1980-05-03 12:00:00"),
        (number(1234567), "1234567"),
        (number(42, TEN_DIGITS), "0000000042"),
        (number(600001, POSTAL), "060-0001"),
        (number(1000005, POSTAL), "100-0005"),
        (number(12345678901234567890), "1.2345678901234567e+19"),
        (number(1.5), "1.5"),
        (raw("<v>1</v>", "b"), "1"),
        (raw("<f>1+1</f><v>2</v>"), "2"),
        (raw('<f>"あ"</f><v>あ</v>', "str"), "あ"),
        (raw("<v>#N/A</v>", "e"), "#N/A"),
        (raw("<f>1/0</f><v>#DIV/0!</v>", "e"), "#DIV/0!"),
        (text("一行目\n二行目_x000D_"), "一行目\n二行目\r"),
        (text("か\u3099・葛\U000e0100・𠮷・ｶﾞ・①"), "か\u3099・葛\U000e0100・𠮷・ｶﾞ・①"),
        (text("=1+1"), "=1+1"),
    ],
)
def test_a_cell_says_what_the_sheet_means(cell: str, value: str) -> None:
    (record,) = read(workbook(sheet(TITLES, with_cells(address=cell))))
    assert record.fields[_KEYS.index("address")] == value


def test_days_are_told_as_days_and_formulas_without_a_result_as_such() -> None:
    cells = with_cells(birth_on=number(29344, DAY), address=raw("<f>A1</f>"), kana=raw("<f/>"))
    (record,) = read(workbook(sheet(TITLES, cells)))
    named = {_KEYS[index]: mark for index, mark in record.marks.items()}
    assert named == {"birth_on": DATE, "address": UNREAD, "kana": UNREAD}


def test_days_counted_from_1904_are_the_days_the_sheet_shows() -> None:
    data = workbook(sheet(TITLES, with_cells(birth_on=number(27882, DAY))), properties='<workbookPr date1904="1"/>')
    assert read(data)[0].fields[_KEYS.index("birth_on")] == "1980-05-03"


def test_hidden_sheets_are_not_read_and_several_visible_ones_are_refused_by_name() -> None:
    rows = sheet(TITLES, with_cells())
    assert len(read(workbook(rows, sheet([text("メモ")]), "", states=["visible", "veryHidden", "visible"]))) == 1
    assert len(read(workbook(sheet([text("メモ")]), rows, states=["hidden"]))) == 1
    several = refused(workbook(rows, rows))
    assert (several.code, several.params) == ("workbook_several_sheets", {"sheets": ["表1", "表2"]})


SPARSE = '<row r="1"><c r="A1"><v>1</v></c></row><row r="400000"><c r="ALL400000"><v>1</v></c></row>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (workbook(""), "workbook_empty"),
        (workbook(sheet(TITLES), states=["hidden"]), "workbook_empty"),
        (workbook(sheet(TITLES, [text("x")] * 1_001)), "workbook_too_many_columns"),
        (workbook('<row r="500001"><c r="A500001"><v>1</v></c></row>'), "workbook_too_many_rows"),
        (workbook(SPARSE), "workbook_too_costly"),
        (workbook(sheet(TITLES), "<row"), "workbook_damaged"),
        (workbook('<row><c t="e"><v>#N/A</v></c></row>'), "workbook_damaged"),
        (bomb(99), "workbook_too_large"),
        (workbook(*["<row/>"] * 101), "workbook_too_many_sheets"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook_old_or_locked"),
        (b"PK\x03\x04" + bytes(100), "workbook_not_a_workbook"),
        (workbook(sheet(TITLES))[:-40], "workbook_not_a_workbook"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_workbook_beyond_the_limits_is_refused_and_the_next_one_read(data: bytes, code: str) -> None:
    error = refused(data)
    assert error.code == code
    assert len(read(workbook(sheet(TITLES, with_cells())))) == 1


WIDE = '<row r="1"><c r="A1"><v>1</v></c></row><row r="20000"><c r="SF20000"><v>1</v></c></row>'


@pytest.mark.parametrize(("megabytes", "dies"), [(200, True), (1_536, False)])
def test_the_reader_gets_the_memory_it_is_given_and_no_more(megabytes: int, dies: bool) -> None:
    """F3: two cells far apart cost ten million; with the memory of the jail they are read, with less they are not."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); from customers.formats import sheets;"
        f"sheets.ADDRESS_SPACE = {megabytes * MIB}; sys.exit(sheets.main())"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], input=workbook(WIDE), capture_output=True, check=False)
    assert (done.returncode != 0) == dies


def test_a_workbook_with_many_bytes_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.formats.workbooks.MAX_BYTES", 1_000)
    monkeypatch.setattr("customers.formats.intake.MAX_BYTES", 1_000)
    assert refused(workbook(sheet(TITLES, *[with_cells()] * 50))).code == "workbook_too_many_bytes"


_WHOLE = workbook(sheet(TITLES, with_cells()))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200), st.floats(0, 1), st.integers(0, 60))
def test_bytes_changed_anywhere_are_read_or_refused_and_nothing_else(junk: bytes, at: float, length: int) -> None:
    """The inspection first, as in `tape_of_workbook`; the jail itself is run by the other tests."""
    start = int(len(_WHOLE) * at)
    data = _WHOLE[:start] + junk + _WHOLE[start + length :]
    said = ""
    try:
        inspect_workbook(io.BytesIO(data))
    except WorkbookRefused as error:
        said = refusal(f"workbook_{error.code}", error.params)
    assert said != refusal("no such code", {})


def test_rows_of_any_width_keep_their_place() -> None:
    made = [with_cells()[:1], with_cells(), [*with_cells(), text("余り")]]
    found = read(workbook(sheet(TITLES, *made)))
    assert [(record.line, record.problem) for record in found] == [(2, ""), (3, ""), (4, "field_count")]
