"""Files of fixed lengths: where in a record each value stands is told by a table, in bytes and not in characters.

A table is kept as JSON, such as::

    {"encoding": "cp932", "length": 120, "newline": "crlf",
     "kind_at": [1, 1], "kinds": {"header": "1", "data": "2", "trailer": "8", "end": "9"},
     "fields": [{"column": "customer_number", "at": [2, 10], "padding": "0", "side": "left"},
                {"column": "kind", "at": [12, 1], "values": {"1": "個人", "2": "法人"}},
                {"column": "name", "at": [13, 40], "padding": "　"}],
     "constants": {"nationality": "日本"},
     "totals": [{"at": [2, 6]}, {"at": [8, 12], "of": [40, 10]}]}

Places are `[first byte, number of bytes]`, the first byte of a record being 1. Without `kind_at` every record is a
customer. A total without `of` is the number of customers' records; one with `of` is the sum of what stands there.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from customers.decoding import FileRefused
from customers.facts.catalogue import COLUMNS, INDISPENSABLE, USUAL
from customers.formats.tape import Row, pieces

ENCODINGS = ("cp932", "utf-8")
NEWLINES = {"crlf": b"\r\n", "lf": b"\n", "none": b""}
KINDS = ("header", "data", "trailer", "end")
MAX_LENGTH = 16_000
MAX_DIGITS = 18
_END_OF_FILE = b"\x1a"


class TableInvalid(Exception):
    """A layout table that cannot be used; `code` and `params` make the sentence at the edge."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a record: its first byte, counted from 1, and how many bytes it has."""

    first: int
    length: int

    def of(self, record: bytes) -> bytes:
        return record[self.first - 1 : self.first - 1 + self.length]


@dataclass(frozen=True, slots=True)
class Field:
    """One value: the column it is (a key of the catalogue), its place, and how it is filled up.

    Padding is taken off the given side only, and the last zero of a number stays. Kept zeros (`padding=""`) are part
    of the value. `values` turns the host's codes into what the column says.
    """

    column: str
    at: Place
    padding: str = " "
    side: str = "right"
    values: Mapping[str, str] = field(default_factory=dict)

    def read(self, record: bytes, encoding: str) -> str:
        text = self.at.of(record).decode(encoding, "surrogateescape")
        if self.padding:
            bare = text.lstrip(self.padding) if self.side == "left" else text.rstrip(self.padding)
            text = bare or (text[-1:] if self.padding.isdecimal() else "")
        return self.values.get(text.strip(), text)


@dataclass(frozen=True, slots=True)
class Total:
    """A number in the trailer record: how many customers' records there are, or the sum of a place in them."""

    at: Place
    of: Place | None = None


@dataclass(frozen=True, slots=True)
class FixedTable:
    """How the records of one bank's file are laid out."""

    encoding: str
    length: int
    newline: str
    fields: tuple[Field, ...]
    kind_at: Place | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    totals: tuple[Total, ...] = ()


def table_from(document: Any) -> FixedTable:
    """The table that JSON describes, checked.

    Raises:
        TableInvalid: something is missing, unknown, of the wrong type, beyond the record or in two places at once.
    """
    try:
        table = FixedTable(
            encoding=_text(document["encoding"]),
            length=_whole(document["length"]),
            newline=_text(document.get("newline", "crlf")),
            fields=tuple(map(_field_from, document["fields"])),
            kind_at=_place_from(document["kind_at"]) if document.get("kind_at") else None,
            kinds=_texts(document.get("kinds", {})),
            constants=_texts(document.get("constants", {})),
            totals=tuple(map(_total_from, document.get("totals", []))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TableInvalid("table_unreadable") from error
    _check(table)
    return table


def document_of(table: FixedTable) -> dict[str, Any]:
    """The table as JSON, to be kept; `table_from` makes it a table again."""
    return {
        "encoding": table.encoding,
        "length": table.length,
        "newline": table.newline,
        "kind_at": _pair(table.kind_at) if table.kind_at else None,
        "kinds": dict(table.kinds),
        "fields": [
            {"column": each.column, "at": _pair(each.at), "padding": each.padding, "side": each.side,
             "values": dict(each.values)}
            for each in table.fields
        ],
        "constants": dict(table.constants),
        "totals": [{"at": _pair(each.at), "of": _pair(each.of) if each.of else None} for each in table.totals],
    }  # fmt: skip


def tape_of_fixed(arriving: Iterable[bytes], table: FixedTable) -> Iterator[bytes]:
    """The customers' records of a file as a tape.

    Raises:
        FileRefused: a record of another length, of an unknown kind or behind the trailer; a total that differs.
    """
    columns = [*(each.column for each in table.fields), *table.constants]
    missing = [key for key in USUAL if key not in columns]
    titles = [COLUMNS[key][0] for key in (*columns, *missing)]
    rest = [*table.constants.values(), *[""] * len(missing)]
    yield from pieces(table.encoding, Row(0, titles), _Reading(table, rest).rows(arriving))


def first_rows(head: bytes, table: FixedTable) -> Iterator[Row]:
    """The customers' records in the beginning of a file, its last one left out where it may be cut off.

    Raises:
        FileRefused: as `tape_of_fixed`, but for what only the end of the file could say.
    """
    step = table.length + len(NEWLINES[table.newline])
    whole = head[: len(head) // step * step] or head
    yield from _Reading(replace(table, totals=()), []).rows([whole])


class _Reading:
    """One pass over a file: which kind of record comes, and what the trailer will have to say."""

    def __init__(self, table: FixedTable, rest: list[str]) -> None:
        self._table = table
        self._rest = rest
        self._marks = {sign.encode(table.encoding): kind for kind, sign in table.kinds.items()}
        self._counted = [0] * len(table.totals)
        self._closed = False

    def rows(self, arriving: Iterable[bytes]) -> Iterator[Row]:
        for number, record in _records(arriving, self._table):
            kind = self._kind(number, record)
            if kind == "data":
                self._count(number, record)
                cells = [each.read(record, self._table.encoding) for each in self._table.fields]
                yield Row(number, cells + self._rest)
            elif kind == "trailer":
                self._compare(number, record)
        if self._table.totals and not self._closed:
            raise FileRefused("fixed_no_trailer")

    def _kind(self, number: int, record: bytes) -> str:
        if self._table.kind_at is None:
            return "data"
        sign = self._table.kind_at.of(record)
        if sign not in self._marks:
            raise FileRefused("fixed_kind", line=number, found=sign.decode(self._table.encoding, "backslashreplace"))
        kind = self._marks[sign]
        if self._closed and kind != "end":
            raise FileRefused("fixed_after_trailer", line=number)
        return kind

    def _count(self, number: int, record: bytes) -> None:
        for index, total in enumerate(self._table.totals):
            self._counted[index] += _number(number, total.of, record) if total.of else 1

    def _compare(self, number: int, record: bytes) -> None:
        self._closed = True
        for total, counted in zip(self._table.totals, self._counted, strict=True):
            stated = _number(number, total.at, record)
            if stated != counted:
                code = "fixed_sum" if total.of else "fixed_count"
                raise FileRefused(code, line=number, stated=stated, counted=counted)


def _records(arriving: Iterable[bytes], table: FixedTable) -> Iterator[tuple[int, bytes]]:
    newline = NEWLINES[table.newline]
    step = table.length + len(newline)
    held, number = b"", 0
    for piece in arriving:
        held += piece
        whole = len(held) // step * step
        for at in range(0, whole, step):
            number += 1
            record = held[at : at + step]
            if record[table.length :] != newline or b"\n" in record[: table.length] or b"\r" in record[: table.length]:
                raise FileRefused("fixed_length", line=number, expected=table.length, found=_found(held[at:]))
            yield number, record[: table.length]
        held = held[whole:]
    held = held.rstrip(_END_OF_FILE + newline)
    if held and len(held) != table.length:
        raise FileRefused("fixed_length", line=number + 1, expected=table.length, found=_found(held))
    if held:
        yield number + 1, held


def _found(rest: bytes) -> int:
    """How long the record is that should have had another length."""
    return len(re.split(rb"\r\n|\n|\r", rest, maxsplit=1)[0])


def _number(line: int, place: Place, record: bytes) -> int:
    digits = place.of(record).strip() or b"0"
    if not digits.isdigit() or len(digits) > MAX_DIGITS:
        raise FileRefused("fixed_total_unreadable", line=line, first=place.first)
    return int(digits)


def _check(table: FixedTable) -> None:
    if table.encoding not in ENCODINGS or table.newline not in NEWLINES:
        raise TableInvalid("table_unreadable")
    if not 1 <= table.length <= MAX_LENGTH:
        raise TableInvalid("table_length", limit=MAX_LENGTH)
    for place in _places(table):
        if place.first < 1 or place.length < 1 or place.first + place.length - 1 > table.length:
            raise TableInvalid("table_beyond", first=place.first, length=place.length, record=table.length)
    _check_columns(table)
    _check_kinds(table)
    taken = sorted((each.at.first, each.at.length, each.column) for each in table.fields)
    for (first, length, column), (after, _, other) in pairwise(taken):
        if first + length > after:
            raise TableInvalid("table_overlap", columns=_titles((column, other)), first=after)


def _places(table: FixedTable) -> Iterator[Place]:
    yield from (each.at for each in table.fields)
    yield from (place for total in table.totals for place in (total.at, total.of) if place)
    if table.kind_at:
        yield table.kind_at


def _check_columns(table: FixedTable) -> None:
    columns = [*(each.column for each in table.fields), *table.constants]
    if unknown := sorted(set(columns) - set(COLUMNS)):
        raise TableInvalid("table_unknown", columns=unknown)
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        raise TableInvalid("table_twice", columns=_titles(twice))
    if missing := [column for column in INDISPENSABLE if column not in columns]:
        raise TableInvalid("table_missing", columns=_titles(missing))
    for each in table.fields:
        if each.side not in ("left", "right") or len(each.padding) > 1:
            raise TableInvalid("table_unreadable")


def _titles(columns: Iterable[str]) -> list[str]:
    return [COLUMNS[column][0] for column in columns]


def _check_kinds(table: FixedTable) -> None:
    signs = table.kinds
    if table.kind_at is None:
        if signs or table.totals:
            raise TableInvalid("table_kinds")
        return
    known = set(signs) <= set(KINDS) and len(set(signs.values())) == len(signs)
    fitting = all(sign.isascii() and len(sign) == table.kind_at.length for sign in signs.values())
    if not (known and fitting and "data" in signs and ("trailer" in signs or not table.totals)):
        raise TableInvalid("table_kinds")


def _field_from(document: Any) -> Field:
    return Field(
        column=str(document["column"]),
        at=_place_from(document["at"]),
        padding=_text(document.get("padding", " ")),
        side=_text(document.get("side", "right")),
        values=_texts(document.get("values", {})),
    )


def _total_from(document: Any) -> Total:
    return Total(_place_from(document["at"]), _place_from(document["of"]) if document.get("of") else None)


def _place_from(pair: Any) -> Place:
    first, length = pair
    return Place(_whole(first), _whole(length))


def _pair(place: Place) -> list[int]:
    return [place.first, place.length]


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    value.encode()  # half a character of two cannot be kept
    return value


def _texts(document: Any) -> dict[str, str]:
    return {_text(key): _text(value) for key, value in document.items()}
