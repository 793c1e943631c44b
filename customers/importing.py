"""From one record of a bank's file to a clean customer row, or to every reason why it cannot be one."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from customers.accounts.rules import ACCOUNTS, MOST, inconsistent, stated
from customers.decoding import MAX_LINE, Layout, Record
from customers.facts.catalogue import BY_KEY, USUAL
from customers.facts.shape import FEW_VALUES, Fact, Type
from customers.folding import fold_number
from customers.formats.doubts import Doubts
from customers.formats.firsts import FirstLines
from customers.formats.tape import DATE, UNREAD
from customers.joining import OF_THE_ACCOUNT, AccountTwice, copies_among, one_of, runs
from customers.parsing import COMPANY, INDIVIDUAL, Invalid

OLDEST = date(1900, 1, 1)
# Control characters, bytes that could not be decoded, and the private areas where vendors keep their 外字.
_STRAY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")
# As Excel shows them; #### is a date or number for which its column was too narrow.
_SHEET_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|#+)")
_KINDS = (INDIVIDUAL, COMPANY)
_WORDS = (Type.NAME, Type.KANA)
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a record was rejected: `column` is a key of the catalogue, "" when the whole record is meant."""

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
    order of USUAL whatever the order of the file, and others by name, to tell an unchanged row by. `more` are the
    lines of the rows below that are of the same customer, one an account.
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
    language: str | None = None
    warnings: tuple[RowWarning, ...] = ()
    more: tuple[int, ...] = ()


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


def _parser(fact: Fact) -> Callable[[str], Any]:
    read = fact.reader()
    return _Memo(read).__getitem__ if fact.is_repeated or fact.type in FEW_VALUES else read


def _retired(fact: Fact) -> frozenset[str]:
    """The codes of its list that nobody chooses any more."""
    if fact.codes is None or fact.type not in (Type.CODE, Type.CODES):
        return frozenset()
    return frozenset(code for code, label in fact.codes.items() if not label.is_offered)


class RowReader:
    """Validates the records of one file in order; remembers customer numbers, so a second use is caught.

    A row that is taken though something in it looks wrong has `warnings`.
    `today` is the day in Japan against which "in the future" is judged; `own` are the institution's own columns.
    """

    def __init__(self, layout: Layout, today: date, own: Mapping[str, Fact] = MappingProxyType({})) -> None:
        self._layout = layout
        self._today = today
        self._first_lines = FirstLines()
        self._columns = [(index, key) for index, key in enumerate(layout.columns) if key]
        known = {**BY_KEY, **own}
        self._there = there = {key: known[key] for _, key in self._columns}
        days = [key for key, fact in there.items() if fact.type is Type.DAY]
        retired = {key: codes for key, fact in there.items() if (codes := _retired(fact))}
        self._doubts = Doubts(layout.columns, layout.encoding, days, retired)
        self._parsers = [(key, index, _parser(there[key])) for index, key in self._columns]
        self._number_at = layout.columns.index("customer_number")
        self._opened_at = layout.columns.index("opened_on")
        self._parse_opened_on = next(parse for key, _, parse in self._parsers if key == "opened_on")
        self._facts = {
            kind: [key for key, fact in there.items() if fact.is_fact and kind in fact.kinds] for kind in _KINDS
        }
        self._not_for = {kind: [key for key, fact in there.items() if kind not in fact.kinds] for kind in _KINDS}
        self._days = [key for key in days if there[key].is_fact]
        usual = layout.columns == USUAL
        self._in_order = list if usual else itemgetter(*map(layout.columns.index, USUAL))
        self._beside = [(layout.columns.index(key), key) for key in sorted(set(there).difference(USUAL))]

    def skip(self, record: Record) -> None:
        """Take note of a record that an earlier run has dealt with."""
        if number := self.number_of(record):
            self._first_lines.enter(number, record.line)
            self._doubts.note(number)

    def number_of(self, record: Record) -> str:
        """The customer number by which rows are told to be of one customer; "" if the record cannot be read."""
        return "" if record.problem else self._raw_number(record)

    def read(self, record: Record) -> CustomerRow | Rejection:
        """One record: a clean row, or all that is wrong with it."""
        number = self.number_of(record)
        if number and (first := self._first_lines.enter(number, record.line)) != record.line:
            return self._used_before(record, first)
        return self._read(record, number)

    def read_together(self, records: Sequence[Record]) -> list[CustomerRow | Rejection]:
        """Records in order; those of one customer that follow one another become one row, or none of them is taken."""
        found: list[CustomerRow | Rejection] = []
        for begin, end in runs(list(map(self.number_of, records))):
            if end - begin == 1:
                found.append(self.read(records[begin]))
            else:
                found += self._read_several(records[begin:end])
        return found

    def _read_several(self, records: Sequence[Record]) -> Sequence[CustomerRow | Rejection]:
        number = self.number_of(records[0])
        first = self._first_lines.enter(number, records[0].line)
        if first != records[0].line:
            return [self._used_before(record, first) for record in records]
        if len(records) > MOST:
            return self._none_of(records, records[0].line, "account_number", "too_many_accounts", {"limit": MOST})
        began = min(filter(None, map(self._opened_on, records)), default=None)
        results = [self._read(record, number, began) for record in records]
        rows = [result for result in results if isinstance(result, CustomerRow)]
        wrong = [result for result in results if isinstance(result, Rejection)] or self._disagreeing(records)
        if wrong:
            told = {rejection.line: rejection for rejection in wrong}
            return [told.get(record.line) or self._with_others(record, wrong[0].line) for record in records]
        copies = copies_among(rows)
        try:
            row = one_of([row for row in rows if row.line not in copies])
        except AccountTwice as twice:
            params = {"branch": twice.branch, "number": twice.number}
            return self._none_of(records, twice.line, "account_number", "account_twice", params)
        if len(row.facts[ACCOUNTS]) > MOST:
            return self._none_of(records, records[0].line, "account_number", "too_many_accounts", {"limit": MOST})
        said_before = [self._used_before(one, copies[one.line]) for one in records if one.line in copies]
        return [row, *said_before]

    def _opened_on(self, record: Record) -> date | None:
        try:
            return None if record.problem else self._parse_opened_on(record.fields[self._opened_at])
        except Invalid:
            return None

    def _disagreeing(self, records: Sequence[Record]) -> list[Rejection]:
        """Rows that say something else than the first beside the account; each can be read."""
        first = records[0].fields
        found = []
        for record in records[1:]:
            errors = [
                RowError(record.line, key, "disagrees", {"first": records[0].line})
                for key, index, parse in self._parsers
                if key not in OF_THE_ACCOUNT
                and record.fields[index] != first[index]
                and parse(record.fields[index]) != parse(first[index])
            ]
            if errors:
                found.append(self._rejected(record, errors))
        return found

    def _none_of(
        self, records: Sequence[Record], line: int, column: str, code: str, params: Mapping[str, object]
    ) -> list[Rejection]:
        """Every row of a customer rejected, for what is wrong on one line."""
        return [
            self._rejected(record, [RowError(line, column, code, params)])
            if record.line == line
            else self._with_others(record, line)
            for record in records
        ]

    def _with_others(self, record: Record, line: int) -> Rejection:
        return self._rejected(record, [RowError(record.line, "", "with_others", {"line": line})])

    def _used_before(self, record: Record, first: int) -> Rejection:
        return self._rejected(record, [RowError(record.line, "customer_number", "duplicate", {"first": first})])

    def _read(self, record: Record, number: str, began: date | None = None) -> CustomerRow | Rejection:
        """`began`: when the customer's first account was opened, if others of their rows tell."""
        if record.problem:
            params = {"expected": len(self._layout.columns), "found": len(record.fields), "limit": MAX_LINE}
            return self._rejected(record, [RowError(record.line, "", record.problem, params)])
        fields = record.fields
        if _STRAY.search(record.text) and (errors := list(self._stray(record))):
            return self._rejected(record, errors)
        if (record.marks or "#" in record.text) and (errors := list(self._unread(record))):
            return self._rejected(record, errors)
        try:
            values = {key: parse(fields[index]) for key, index, parse in self._parsers}
            row = self._row(record, values, began)
        except (Invalid, _Inconsistent):
            return self._rejected(record, list(self._errors(record, began)))
        if doubts := self._doubts.of(record.text, fields, number, row.facts):
            row.warnings = tuple(RowWarning(record.line, *doubt) for doubt in doubts)
        return row

    def _raw_number(self, record: Record) -> str:
        raw = record.fields[self._number_at]
        return raw.upper() if raw.isascii() and raw == raw.strip() else fold_number(raw)

    def _row(self, record: Record, values: dict[str, Any], began: date | None) -> CustomerRow:
        if any(self._inconsistencies(values, began)):
            raise _Inconsistent
        facts = {key: value for key in self._facts[values["kind"]] if (value := values[key]) is not None}
        for key in self._days:
            if key in facts:
                facts[key] = facts[key].isoformat()
        facts[ACCOUNTS] = stated(
            number=values["account_number"],
            branch=values["branch_code"],
            opened_on=values["opened_on"],
            closed_on=values.get("account_closed_on"),
            product=values.get("account_product"),
            currency=values.get("account_currency"),
            others=values.get(ACCOUNTS) or (),
        )
        return CustomerRow(
            line=record.line,
            number=values["customer_number"],
            kind=values["kind"],
            facts=facts,
            line_id=values["line_id"],
            opened_on=values["opened_on"],
            last_reviewed_on=values["last_reviewed_on"],
            branch_code=values["branch_code"],
            source=self._source(record.fields),
            language=values.get("language"),
        )

    def _source(self, fields: list[str]) -> str:
        """A column that is new to the file, and blank, does not make another row of it."""
        said = [f"{key}={fields[index]}" for index, key in self._beside if fields[index]]
        return "\x1f".join([*self._in_order(fields), *said])

    def _errors(self, record: Record, began: date | None) -> Iterator[RowError]:
        values = {}
        for key, index, parse in self._parsers:
            try:
                values[key] = parse(record.fields[index])
            except Invalid as invalid:
                is_rounded = self._there[key].type not in _WORDS and _SCIENTIFIC.fullmatch(record.fields[index].strip())
                code = "scientific" if is_rounded else invalid.code
                yield RowError(record.line, key, code, invalid.params)
        for column, code in self._inconsistencies(values, began):
            yield RowError(record.line, column, code)

    def _inconsistencies(self, values: Mapping[str, Any], began: date | None) -> Iterator[tuple[str, str]]:
        """What is wrong between cells, as (column, code); cells that could not be read are not in `values`."""
        for column in self._not_for.get(values.get("kind", ""), ()):
            if values.get(column) is not None:
                yield column, "not_for_kind"
        yield from inconsistencies(values, self._today, began)

    def _stray(self, record: Record) -> Iterator[RowError]:
        for index, key in self._columns:
            if stray := stray_in(record.fields[index], self._layout.encoding):
                yield RowError(record.line, key, *stray)

    def _unread(self, record: Record) -> Iterator[RowError]:
        """Cells that say something else in the sheet than they would say here."""
        for index, key in self._columns:
            mark = record.marks.get(index)
            if mark == UNREAD:
                yield RowError(record.line, key, "formula_unread")
            elif mark == DATE and self._there[key].type is not Type.DAY:
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


def stray_in(text: str, encoding: str = "utf-8") -> tuple[str, Mapping[str, object]] | None:
    """The first character that no file may have, as a code and its params."""
    found = _STRAY.search(text)
    return _stray_character(found[0], encoding) if found else None


def _stray_character(character: str, encoding: str) -> tuple[str, Mapping[str, object]]:
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:
        return "undecodable", {"byte": f"{point - 0xDC00:02X}", "encoding": encoding}
    if character == "\ufffd":
        return "replacement_character", {}
    if point < 0xA0:
        return "control_character", {"code_point": f"U+{point:04X}"}
    return "private_character", {"code_point": f"U+{point:04X}"}


def inconsistencies(values: Mapping[str, Any], today: date, began: date | None = None) -> Iterator[tuple[str, str]]:
    """What is wrong between values of one customer, as (column, code); what is not in ``values`` is not judged.

    ``began``: when their first account was opened, if ``values`` tell of a later one.
    """
    kind = values.get("kind")
    if kind == INDIVIDUAL:
        yield from _missing(values, "birth_on")
    yield from _missing(values, "opened_on")
    if values.get("country_of_residence") in (None, "JP"):
        yield from _missing(values, "postal_code", "address")
    for column in ("birth_on", "opened_on", "last_reviewed_on", "account_closed_on"):
        day = values.get(column)
        if day and day > today:
            yield column, "in_the_future"
        elif day and day < OLDEST:
            yield column, "too_early"
    opened, reviewed = values.get("opened_on"), values.get("last_reviewed_on")
    if opened and reviewed and reviewed < (began or opened):
        yield "last_reviewed_on", "before_opening"
    if opened and (closed := values.get("account_closed_on")) and closed < opened:
        yield "account_closed_on", "closed_before_opened"
    for code in dict.fromkeys(inconsistent(values.get(ACCOUNTS) or (), today)):
        yield ACCOUNTS, code


def _missing(values: Mapping[str, Any], *columns: str) -> Iterator[tuple[str, str]]:
    for column in columns:
        if column in values and values[column] is None:
            yield column, "required"
