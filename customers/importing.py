"""From one record of a bank's file to a clean customer row, or to every reason why it cannot be one."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Any

from customers.codes import INDUSTRIES, OCCUPATIONS, PURPOSES
from customers.decoding import COLUMNS, MAX_LINE, Layout, Record
from customers.folding import fold_number
from customers.formats.doubts import Doubts
from customers.formats.tape import DATE, UNREAD
from customers.parsing import (
    COMPANY,
    INDIVIDUAL,
    Invalid,
    read_account,
    read_answer,
    read_branch,
    read_corporate_number,
    read_country,
    read_day,
    read_email,
    read_kana,
    read_kind,
    read_line_id,
    read_name,
    read_number,
    read_one_of,
    read_phone,
    read_postal_code,
    read_text,
)

OLDEST = date(1900, 1, 1)
# Control characters, bytes that could not be decoded, and the private areas where vendors keep their 外字.
_STRAY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")
# As Excel shows them; #### is a date or number for which its column was too narrow.
_SHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|#+)")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
_PERSON_ONLY = ("birth_on", "nationality", "residence_expires_on", "occupation", "is_foreign_pep")
_COMPANY_ONLY = ("corporate_number", "representative", "industry")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a record was rejected: `column` is a key of decoding.COLUMNS, "" when the whole record is meant."""

    line: int
    column: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RowWarning:
    """What looks wrong in a record that is taken all the same; the fields mean what they mean in RowError."""

    line: int
    column: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class CustomerRow:
    """A customer as the file states it.

    `facts` has only what is stated: a blank cell says nothing. `source` is the cells themselves, in the
    order of COLUMNS whatever the order of the file, to tell an unchanged row by.
    """

    line: int
    number: str
    kind: str
    facts: dict[str, Any]
    line_id: str | None
    opened_on: date
    last_reviewed_on: date | None
    branch_code: str
    source: str
    warnings: tuple[RowWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that is not taken: its cells (or its text, where it has no cells) and the reasons."""

    line: int
    cells: list[str]
    errors: tuple[RowError, ...]


class _Memo(dict[str, Any]):
    """Parsed values of a column where the same cells come again and again; what is invalid is never kept."""

    def __init__(self, parse: Callable[[str], Any]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, raw: str) -> Any:
        value = self[raw] = self._parse(raw)
        return value


_FEW_VALUES: dict[str, Callable[[str], Any]] = {
    "kind": read_kind,
    "birth_on": read_day,
    "postal_code": read_postal_code,
    "nationality": read_country,
    "country_of_residence": read_country,
    "residence_expires_on": read_day,
    "occupation": read_one_of(OCCUPATIONS),
    "industry": read_one_of(INDUSTRIES),
    "purpose": read_one_of(PURPOSES),
    "is_foreign_pep": read_answer,
    "handles_cash": read_answer,
    "sends_abroad": read_answer,
    "opened_on": read_day,
    "last_reviewed_on": read_day,
    "branch_code": read_branch,
}
_MANY_VALUES: dict[str, Callable[[str], Any]] = {
    "customer_number": read_number,
    "name": read_name,
    "kana": read_kana,
    "corporate_number": read_corporate_number,
    "representative": read_text,
    "address": read_text,
    "phone": read_phone,
    "email": read_email,
    "line_id": read_line_id,
    "account_number": read_account,
}
_FACTS_OF_KIND = {
    INDIVIDUAL: (
        "name",
        "kana",
        "birth_on",
        "postal_code",
        "address",
        "phone",
        "email",
        "occupation",
        "purpose",
        "nationality",
        "country_of_residence",
        "residence_expires_on",
        "is_foreign_pep",
        "handles_cash",
        "sends_abroad",
        "account_number",
    ),
    COMPANY: (
        "name",
        "kana",
        "corporate_number",
        "representative",
        "postal_code",
        "address",
        "phone",
        "email",
        "industry",
        "purpose",
        "country_of_residence",
        "handles_cash",
        "sends_abroad",
        "account_number",
    ),
}


class RowReader:
    """Validates the records of one file in order; remembers customer numbers, so a second use is caught.

    A row that is taken though something in it looks wrong has `warnings`.
    `today` is the day in Japan against which "in the future" is judged.
    """

    def __init__(self, layout: Layout, today: date) -> None:
        self._layout = layout
        self._today = today
        self._first_line: dict[str, int] = {}
        self._doubts = Doubts(layout.columns, layout.encoding)
        parsers = {key: _Memo(parse).__getitem__ for key, parse in _FEW_VALUES.items()} | _MANY_VALUES
        self._columns = [(index, key) for index, key in enumerate(layout.columns) if key]
        self._parsers: list[tuple[str, int, Callable[[str], Any]]] = [
            (key, index, parsers[key]) for index, key in self._columns
        ]
        self._number_at = layout.columns.index("customer_number")
        usual = layout.columns == tuple(COLUMNS)
        self._in_order = list if usual else itemgetter(*map(layout.columns.index, COLUMNS))

    def skip(self, record: Record) -> None:
        """Take note of a record that an earlier run has dealt with."""
        if not record.problem:
            number = self._raw_number(record)
            self._first_line.setdefault(number, record.line)
            self._doubts.note(number)

    def read(self, record: Record) -> CustomerRow | Rejection:
        """One record: a clean row, or all that is wrong with it."""
        if record.problem:
            params = {"expected": len(self._layout.columns), "found": len(record.fields), "limit": MAX_LINE}
            return self._rejected(record, [RowError(record.line, "", record.problem, params)])
        fields = record.fields
        number = self._raw_number(record)
        first = self._first_line.setdefault(number, record.line)
        if first != record.line and number:
            error = RowError(record.line, "customer_number", "duplicate", {"first": first})
            return self._rejected(record, [error])
        if _STRAY.search(record.text) and (errors := list(self._stray(record))):
            return self._rejected(record, errors)
        if (record.marks or "#" in record.text) and (errors := list(self._unread(record))):
            return self._rejected(record, errors)
        try:
            values = {key: parse(fields[index]) for key, index, parse in self._parsers}
            row = self._row(record, values)
        except (Invalid, _Inconsistent):
            return self._rejected(record, list(self._errors(record)))
        if doubts := self._doubts.of(record.text, fields, number, row.facts):
            row.warnings = tuple(RowWarning(record.line, *doubt) for doubt in doubts)
        return row

    def _raw_number(self, record: Record) -> str:
        raw = record.fields[self._number_at]
        return raw.upper() if raw.isascii() and raw == raw.strip() else fold_number(raw)

    def _row(self, record: Record, values: dict[str, Any]) -> CustomerRow:
        if any(_inconsistencies(values, self._today)):
            raise _Inconsistent
        facts = {key: value for key in _FACTS_OF_KIND[values["kind"]] if (value := values[key]) is not None}
        for key in ("birth_on", "residence_expires_on"):
            if key in facts:
                facts[key] = facts[key].isoformat()
        return CustomerRow(
            line=record.line,
            number=values["customer_number"],
            kind=values["kind"],
            facts=facts,
            line_id=values["line_id"],
            opened_on=values["opened_on"],
            last_reviewed_on=values["last_reviewed_on"],
            branch_code=values["branch_code"],
            source="\x1f".join(self._in_order(record.fields)),
        )

    def _errors(self, record: Record) -> Iterator[RowError]:
        values = {}
        for key, index, parse in self._parsers:
            try:
                values[key] = parse(record.fields[index])
            except Invalid as invalid:
                is_rounded = key not in ("name", "kana") and _SCIENTIFIC.fullmatch(record.fields[index].strip())
                code = "scientific" if is_rounded else invalid.code
                yield RowError(record.line, key, code, invalid.params)
        for column, code in _inconsistencies(values, self._today):
            yield RowError(record.line, column, code)

    def _stray(self, record: Record) -> Iterator[RowError]:
        for index, key in self._columns:
            if found := _STRAY.search(record.fields[index]):
                yield RowError(record.line, key, *_stray_character(found[0], self._layout.encoding))

    def _unread(self, record: Record) -> Iterator[RowError]:
        """Cells that say something else in the sheet than they would say here."""
        for index, key in self._columns:
            mark = record.marks.get(index)
            if mark == UNREAD:
                yield RowError(record.line, key, "formula_unread")
            elif mark == DATE and _FEW_VALUES.get(key) is not read_day:
                yield RowError(record.line, key, "date_cell")
            elif _SHEET_ERROR.fullmatch(value := record.fields[index].strip()):
                yield RowError(record.line, key, "sheet_error", {"value": value})

    def _rejected(self, record: Record, errors: list[RowError]) -> Rejection:
        cells = [_writable(cell) for cell in record.fields or [record.text]]
        return Rejection(record.line, cells, tuple(errors))


def _writable(text: str) -> str:
    """The text with undecodable bytes shown as \\xNN, so that it can be stored and written again."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class _Inconsistent(Exception):
    """The cells are fine one by one but not together."""


def _stray_character(character: str, encoding: str) -> tuple[str, Mapping[str, object]]:
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:
        return "undecodable", {"byte": f"{point - 0xDC00:02X}", "encoding": encoding}
    if character == "\ufffd":
        return "replacement_character", {}
    if point < 0xA0:
        return "control_character", {"code_point": f"U+{point:04X}"}
    return "private_character", {"code_point": f"U+{point:04X}"}


def _inconsistencies(values: Mapping[str, Any], today: date) -> Iterator[tuple[str, str]]:
    """What is wrong between cells, as (column, code); cells that could not be read are not in `values`."""
    kind = values.get("kind")
    for column in _COMPANY_ONLY if kind == INDIVIDUAL else _PERSON_ONLY if kind == COMPANY else ():
        if values.get(column) is not None:
            yield column, "not_for_kind"
    if kind == INDIVIDUAL:
        yield from _missing(values, "birth_on")
    yield from _missing(values, "opened_on")
    if values.get("country_of_residence") in (None, "JP"):
        yield from _missing(values, "postal_code", "address")
    for column in ("birth_on", "opened_on", "last_reviewed_on"):
        day = values.get(column)
        if day and day > today:
            yield column, "in_the_future"
        elif day and day < OLDEST:
            yield column, "too_early"
    opened, reviewed = values.get("opened_on"), values.get("last_reviewed_on")
    if opened and reviewed and reviewed < opened:
        yield "last_reviewed_on", "before_opening"


def _missing(values: Mapping[str, Any], *columns: str) -> Iterator[tuple[str, str]]:
    for column in columns:
        if column in values and values[column] is None:
            yield column, "required"
