"""Fixed-length files: bytes by a table, kinds of record, totals; and any bytes at all are read or refused."""

from __future__ import annotations

import io
import json
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.decoding import COLUMNS, FileRefused, Record, layout_of, records_of
from customers.facts.catalogue import USUAL
from customers.formats import tape
from customers.formats.fixed import FixedTable, TableInvalid, document_of, table_from
from customers.formats.intake import Intake
from customers.wording import refusal, table_problem

WIDTHS = {
    "customer_number": 10, "kind": 1, "name": 30, "kana": 20, "birth_on": 8, "postal_code": 7, "address": 60,
    "account_number": 7, "opened_on": 8, "branch_code": 3,
}  # fmt: skip
ROW = {
    "customer_number": "0000000001", "kind": "1", "name": "髙﨑　花子", "kana": "ﾀｶｻｷ ﾊﾅｺ", "birth_on": "19800503",
    "postal_code": "1000005", "address": "東京都千代田区丸の内１丁目２－３", "account_number": "1234567",
    "opened_on": "20100401", "branch_code": "001",
}  # fmt: skip
LENGTH = 1 + sum(WIDTHS.values())


def document(**changed: Any) -> dict[str, Any]:
    """The table as JSON: the kind of record, then the columns one behind the other."""
    at = 2
    fields: list[dict[str, Any]] = []
    for column, width in WIDTHS.items():
        fields.append({"column": column, "at": [at, width], "padding": "" if width in (3, 7, 10) else " "})
        at += width
    fields[1]["values"] = {"1": "個人", "2": "法人"}
    whole: dict[str, Any] = {
        "encoding": "cp932", "length": LENGTH, "newline": "crlf", "kind_at": [1, 1],
        "kinds": {"header": "1", "data": "2", "trailer": "8", "end": "9"}, "fields": fields,
        "constants": {"country_of_residence": "日本"}, "totals": [{"at": [2, 6]}, {"at": [8, 12], "of": [2, 10]}],
    }  # fmt: skip
    return {**whole, **changed}


TABLE = table_from(document())
# Its columns, and the blank ones of those that a file usually has.
WIDTH = len({*USUAL, *WIDTHS, "country_of_residence"})


def record(**cells: str) -> bytes:
    """A customer's record, padded with blanks of a byte."""
    out = b"2"
    for column, width in WIDTHS.items():
        raw = {**ROW, **cells}[column].encode("cp932")
        out += raw.ljust(width)
    return out


def fixed(*records: bytes, newline: bytes = b"\r\n", count: int | None = None, total: int | None = None) -> bytes:
    """A file with header, trailer and end around the records; the totals are right unless given."""
    numbers = sum(int(each[1:11]) for each in records)
    trailer = f"8{len(records) if count is None else count:06}{numbers if total is None else total:012}".encode()
    lines = [b"1HEAD", *records, trailer, b"9"]
    return b"".join(line.ljust(LENGTH) + newline for line in lines)


def read(data: bytes, table: FixedTable = TABLE, piece: int = 10_000_000) -> list[Record]:
    pieces = Intake(io.BytesIO(data), limit=10_000_000, table=table).pieces()
    first = next(pieces)
    layout = layout_of(first[:65_536])
    whole = b"".join(chain([first], pieces))
    return list(records_of((whole[at : at + piece] for at in range(0, len(whole), piece)), layout))


def refused(data: bytes, table: FixedTable = TABLE) -> tuple[str, dict[str, object]]:
    with pytest.raises(FileRefused) as raised:
        read(data, table)
    said = refusal(raised.value.code, raised.value.params)
    assert said != refusal("no such code", {})
    assert "%(" not in said
    return raised.value.code, raised.value.params


def said_by(found: Record) -> dict[str, str]:
    """The cells by column, those of constants and of columns that the file lacks included."""
    named = {COLUMNS[key][0]: key for key in COLUMNS}
    titles = [COLUMNS[each.column][0] for each in TABLE.fields] + [COLUMNS["country_of_residence"][0]]
    return {named[title]: value for title, value in zip(titles, found.fields, strict=False)}


@pytest.mark.parametrize(("name", "newline"), [("crlf", b"\r\n"), ("lf", b"\n"), ("none", b"")])
@pytest.mark.parametrize("end", [b"", b"\x1a", b"\r\n\x1a"])
def test_records_are_cut_by_bytes_and_not_by_characters(name: str, newline: bytes, end: bytes) -> None:
    table = table_from(document(newline=name))
    end = end.replace(b"\r\n", newline)
    found = read(fixed(record(), record(customer_number="0000000002"), newline=newline) + end, table, piece=7)
    assert [(each.line, each.fields[0]) for each in found] == [(2, "0000000001"), (3, "0000000002")]
    assert said_by(found[0]) == {**ROW, "kind": "個人", "country_of_residence": "日本"}
    assert len(found[0].fields) == WIDTH


def test_the_last_record_may_lack_its_line_end() -> None:
    assert len(read(fixed(record()).removesuffix(b"\r\n"))) == 1


def test_zeros_are_part_of_a_number_unless_the_table_calls_them_padding() -> None:
    changed = document()
    changed["fields"][0] |= {"padding": "0", "side": "left"}
    table = table_from(changed)
    assert [each.fields[0] for each in read(fixed(record(), record(customer_number="0" * 10)), table)] == ["1", "0"]
    assert read(fixed(record()))[0].fields[0] == "0000000001"


def test_a_name_filled_up_with_wide_blanks_loses_them_and_keeps_those_inside() -> None:
    changed = document()
    changed["fields"][2]["padding"] = "　"
    wide = record(name="髙﨑　花子" + "　" * 10)
    assert read(fixed(wide), table_from(changed))[0].fields[2] == "髙﨑　花子"
    assert read(fixed(wide))[0].fields[2] == "髙﨑　花子" + "　" * 10, "control: they are no padding of a byte"


def test_half_a_character_at_the_edge_of_a_field_is_told_by_its_byte() -> None:
    whole = bytearray(record())
    whole[1 + 10 + 1 + 29] = 0x8D  # the first byte of a character whose second one lies in the next field
    (found,) = read(fixed(bytes(whole)))
    assert found.fields[2].endswith("\udc8d")


@pytest.mark.parametrize(
    ("data", "code", "params"),
    [
        (fixed(record(), count=2), "fixed_count", {"line": 3, "stated": 2, "counted": 1}),
        (fixed(record(), total=7), "fixed_sum", {"line": 3, "stated": 7, "counted": 1}),
        (fixed(record()[:-1]), "", {}),
        (
            fixed(record()).replace(b"001\r\n", b"01\r\n"),
            "fixed_length",
            {"line": 2, "expected": LENGTH, "found": LENGTH - 1},
        ),
        (fixed(record())[: (LENGTH + 2) * 2], "fixed_no_trailer", {}),
        (fixed(record())[: LENGTH * 2], "fixed_length", {"line": 2, "expected": LENGTH, "found": LENGTH - 2}),
        (fixed(record()) + record() + b"\r\n", "fixed_after_trailer", {"line": 5}),
        (b"5" + fixed(record())[1:], "fixed_kind", {"line": 1, "found": "5"}),
        (fixed(record()).replace(b"80000", b"8x000"), "fixed_total_unreadable", {"line": 3, "first": 2}),
        (b"", "empty", {}),
    ],
)
def test_a_file_that_is_not_as_its_table_says_is_refused_with_the_place(
    data: bytes, code: str, params: dict[str, object]
) -> None:
    if code:
        assert refused(data) == (code, params)
    else:
        assert len(read(data)) == 1, "control: a file that is as the table says"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"encoding": "euc_jp"}, "table_unreadable"),
        ({"encoding": ["cp932"]}, "table_unreadable"),
        ({"newline": "cr"}, "table_unreadable"),
        ({"length": 0}, "table_length"),
        ({"length": True}, "table_unreadable"),
        ({"length": 100}, "table_beyond"),
        ({"kind_at": [0, 1]}, "table_beyond"),
        ({"fields": []}, "table_missing"),
        ({"fields": 5}, "table_unreadable"),
        ({"constants": {"favourite_colour": "blue"}}, "table_unknown"),
        ({"constants": {"name": "x"}}, "table_twice"),
        ({"kinds": {"header": "1"}}, "table_kinds"),
        ({"kinds": {"data": "22", "trailer": "8"}}, "table_kinds"),
        ({"kinds": {"data": "2", "trailer": "2"}}, "table_kinds"),
        ({"kinds": {"data": "2"}}, "table_kinds"),
        ({"kind_at": None}, "table_kinds"),
        ({"kinds": {"data": "あ"}}, "table_kinds"),
        ({"totals": [{"at": [2, 9_999]}]}, "table_beyond"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_a_reason(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(TableInvalid) as raised:
        table_from(document(**changed))
    assert raised.value.code == code
    assert "%(" not in table_problem(code, raised.value.params)


def test_fields_that_overlap_are_refused() -> None:
    changed = document()
    changed["fields"][1]["at"] = [11, 1]
    with pytest.raises(TableInvalid, match="table_overlap"):
        table_from(changed)


def test_a_table_survives_being_kept() -> None:
    kept = json.loads(json.dumps(document_of(TABLE)))
    assert table_from(kept) == TABLE


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@settings(deadline=None)
@given(json_values, st.sampled_from(sorted(document())))
def test_any_json_is_a_table_or_is_refused(junk: Any, key: str) -> None:
    for made in (junk, document(**{key: junk})):
        try:
            table = table_from(made)
        except TableInvalid as error:
            said = table_problem(error.code, error.params)
        else:
            assert table_from(document_of(table)) == table
            said = "a table"
        assert said


cells = st.text(alphabet="東京都０ー一ｶﾞ1Aa髙﨑ソ表能 -", max_size=14)


@settings(deadline=None)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8), st.integers(1, 300))
def test_what_is_laid_out_is_read_back(rows: list[tuple[str, str]], piece: int) -> None:
    """ソ, 表 and 能 end on the byte of a backslash."""
    data = fixed(*(record(name=name, address=address) for name, address in rows))
    found = [said_by(each) for each in read(data, piece=piece)]
    assert [(each["name"], each["address"]) for each in found] == [
        (name.rstrip(" "), address.rstrip(" ")) for name, address in rows
    ]


@settings(deadline=None)
@given(st.binary(max_size=3 * LENGTH), st.booleans(), st.sampled_from(["crlf", "lf", "none"]))
def test_any_bytes_are_read_by_a_table_or_refused(data: bytes, plain: bool, newline: str) -> None:
    changed: dict[str, Any] = {"kind_at": None, "kinds": {}, "totals": []} if plain else {}
    table = table_from(document(newline=newline, **changed))
    for body in (data, fixed(record())[: LENGTH + 2] + data):
        said = ""
        try:
            assert all(len(each.fields) == WIDTH or each.problem for each in read(body, table))
        except FileRefused as error:
            said = refusal(error.code, error.params)
        assert said != refusal("no such code", {})


anything = st.text(st.characters() | st.sampled_from("\0\n\r\x1a\x1b\x1f\udc80\udcff"), max_size=30).filter(
    lambda text: not any(0xD800 <= ord(character) < 0xDC80 or 0xDCFF < ord(character) < 0xE000 for character in text)
)


@settings(deadline=None)
@given(st.lists(st.lists(anything, min_size=1, max_size=5), max_size=6), st.sampled_from([tape.DATE, tape.UNREAD]))
def test_a_tape_gives_back_what_it_was_given(rows: list[list[str]], mark: str) -> None:
    written = [tape.Row(number, row, {0: mark}) for number, row in enumerate(rows, start=2)]
    header = tape.Row(1, ["顧客番号"])
    lines = b"".join(tape.pieces("cp932", header, written)).decode().split("\n")[:-1]
    assert tape.header_of(lines[0]) == ("cp932", header)
    assert [tape.row_of(line) for line in lines[1:]] == written
