"""Whole files: what is read in any usual form, and what is refused with a sentence (F3)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain

import pytest

from customers.decoding import (
    COLUMNS,
    HEADER,
    MAX_LINE,
    FileRefused,
    Record,
    StreamCheck,
    layout_of,
    records_of,
)
from customers.wording import refusal
from tests.customers.books import book, company, line, person

LIMIT = 1024 * 1024


def read(content: bytes, piece: int = 7) -> list[Record]:
    """Through pieces of a few bytes, so that characters and records are cut everywhere."""
    layout = layout_of(content)
    return list(records_of((content[at : at + piece] for at in range(0, len(content), piece)), layout))


def watch(pieces: Iterable[bytes]) -> None:
    """What happens to a file as it is uploaded."""
    arriving = iter(pieces)
    first = next(arriving)
    check = StreamCheck(layout_of(first[:65_536]), LIMIT)
    for piece in chain([first], arriving):
        check.watch(piece)
    check.finish()


def refused(content: bytes) -> FileRefused:
    """How the file is refused; every refusal has a sentence without a gap in it."""
    with pytest.raises(FileRefused) as raised:
        watch([content])
    sentence = refusal(raised.value.code, raised.value.params)
    assert sentence
    assert "%(" not in sentence
    return raised.value


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_a_file_is_read_in_any_usual_form(encoding: str, delimiter: str, newline: str) -> None:
    content = book(person(), company(), encoding=encoding, delimiter=delimiter, newline=newline)
    layout = layout_of(content)
    assert (layout.encoding, layout.delimiter) == (encoding, delimiter)
    assert [(found.line, found.fields[2]) for found in read(content)] == [(2, "髙﨑　花子"), (3, "㈱あさなぎ商事")]


def test_columns_may_come_in_any_order_under_their_other_names() -> None:
    titles = ["店番", "氏名漢字", *[title for title in HEADER if title not in ("支店コード", "氏名")]]
    layout = layout_of(",".join(titles).encode() + b"\r\n")
    assert layout.columns[:3] == ("branch_code", "name", "customer_number")


def test_an_unknown_column_is_left_aside() -> None:
    layout = layout_of((",".join([*HEADER, "行", "理由"]) + "\n").encode())
    assert layout.columns[-2:] == (None, None)


def test_quoted_newlines_commas_and_quotes_are_read_and_lines_stay_physical() -> None:
    cells = [f'"{cell}"' for cell in line(person()).split(",")]
    cells[8] = '"千代田区,丸の内\r\n""1-2-3"""'
    found = read(book(",".join(cells), person()))
    assert [record.line for record in found] == [2, 4]
    assert found[0].fields[8] == '千代田区,丸の内\r\n"1-2-3"'
    assert found[0].problem == ""


def test_a_quote_that_never_closes_costs_one_line_only() -> None:
    found = read(book(person(), '9,個人,"あい' + ",x" * 22, person(customer_number="2"), person(customer_number="3")))
    assert [(record.line, record.problem) for record in found] == [(2, ""), (3, "unclosed_quote"), (4, ""), (5, "")]


def test_two_unclosed_quotes_do_not_swallow_the_good_rows_between_them() -> None:
    bad = '9,個人,"あい' + ",x" * 22
    found = read(book(bad, person(), bad, person(customer_number="2")))
    assert [(record.line, record.problem) for record in found] == [
        (2, "unclosed_quote"), (3, ""), (4, "unclosed_quote"), (5, ""),
    ]  # fmt: skip


def test_text_after_a_closing_quote_is_reported() -> None:
    assert read(book('9,個人,"あ"い' + ",x" * 22))[0].problem == "bad_quoting"


def test_missing_and_extra_cells_are_reported_and_blank_lines_are_not() -> None:
    found = read(book("1,2,3", "", ",,,", person(), line(person()) + ",more"))
    assert [(record.line, record.problem) for record in found] == [(2, "field_count"), (5, ""), (6, "field_count")]


def test_an_over_long_line_is_reported_and_the_next_one_is_read() -> None:
    found = read(book(person(address="あ" * 2 * MAX_LINE), person(customer_number="2")), piece=4096)
    assert [(record.line, record.problem) for record in found] == [(2, "line_too_long"), (3, "")]
    assert len(found[0].text) == MAX_LINE


def test_a_bad_byte_costs_its_own_record_and_is_kept() -> None:
    content = book(person(name="@@"), person(customer_number="2")).replace(b"@@", b"\x81\xad\xff")
    found = read(content)
    assert [record.line for record in found] == [2, 3]
    assert "\udc81" in found[0].fields[2]


def test_lines_in_another_encoding_than_the_header_are_told_by_byte() -> None:
    """F3: mixed encodings."""
    content = book(encoding="utf-8") + (line(person()) + "\n").encode("cp932")
    assert any("\udc80" <= character <= "\udcff" for character in read(content)[0].text)


def test_the_end_of_file_sign_of_old_hosts_is_not_a_row() -> None:
    assert len(read(book(person()) + b"\x1a")) == 1


def test_a_header_in_ascii_lets_the_whole_file_decide_the_encoding() -> None:
    header = ",".join(COLUMNS).encode() + b"\n"
    content = header + line(person()).encode("cp932")
    layout = layout_of(header)
    check = StreamCheck(layout, LIMIT)
    check.watch(content)
    assert (layout.encoding, check.encoding) == ("utf-8", "cp932")


def xlsx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return out.getvalue()


BAD_FILES: list[tuple[str, bytes, str, dict[str, object]]] = [
    ("nothing", b"", "empty", {}),
    ("blanks", b" \r\n\r\n", "empty", {}),
    ("xlsx", xlsx(), "not_csv", {"kind": "Excel (xlsx) / ZIP"}),
    ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "not_csv", {"kind": "Excel (xls)"}),
    ("pdf", b"%PDF-1.7\n", "not_csv", {"kind": "PDF"}),
    ("gzip", b"\x1f\x8b\x08" + bytes(30), "not_csv", {"kind": "gzip"}),
    ("noise", bytes(range(1, 32)) * 40, "not_csv", {"kind": "binary"}),
    ("euc-jp", book(person(name="高崎")).decode("cp932").encode("euc_jp"), "encoding", {"encoding": "EUC-JP"}),
    ("jis", book().decode("cp932").encode("iso2022_jp"), "encoding", {"encoding": "ISO-2022-JP (JIS)"}),
    ("utf-16 without mark", book(person()).decode("cp932").encode("utf-16-le"), "encoding", {"encoding": "UTF-16"}),
    ("unreadable header", b"\x81\xad\xff,\xff\xff\n1,2\n", "header_unreadable", {"byte": 1}),
    ("no header", (line(person()) + "\n").encode(), "no_header", {"expected": HEADER}),
    ("header only", book(), "header_only", {}),
    ("header and blank lines", book("", ",,,", " "), "header_only", {}),
    ("nul", book(person(), person(name="a\0b")), "nul_byte", {"line": 3}),
    ("too long a header", b"x" * (MAX_LINE + 2), "line_too_long", {"line": 1, "limit": MAX_LINE}),
    ("too large", book() + b"x" * LIMIT, "too_large", {"limit": 1}),
    (
        "columns missing",
        book(person()).replace("電話番号".encode("cp932"), b"x").replace("メール".encode("cp932"), b"y"),
        "missing_columns",
        {"columns": ("電話番号", "メール")},
    ),
    (
        "column twice",
        book(person()).replace("メール".encode("cp932"), "TEL".encode("cp932")),
        "duplicate_columns",
        {"columns": ["TEL", "電話番号"]},
    ),
]


@pytest.mark.parametrize(
    ("content", "code", "params"), [case[1:] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES]
)
def test_a_file_that_is_no_customer_file_is_refused_with_its_reason(
    content: bytes, code: str, params: dict[str, object]
) -> None:
    """F3"""
    error = refused(content)
    assert (error.code, error.params) == (code, params)


def test_a_huge_upload_is_refused_before_it_is_read_to_its_end() -> None:
    read_pieces = 0

    def gigabyte() -> Iterator[bytes]:
        nonlocal read_pieces
        yield book(person())
        for _ in range(1024):
            read_pieces += 1
            yield b"1," * (512 * 1024)

    with pytest.raises(FileRefused, match="too_large"):
        watch(gigabyte())
    assert read_pieces <= 2
