"""A list as a file that people edit in a spreadsheet, and back: CSV or an Excel workbook, a row an entry."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

from customers.codes import LANGUAGES
from customers.decoding import MAX_LINE, FileRefused, Layout, Record, records_of
from customers.folding import fold
from customers.formats import tape
from customers.formats.intake import Intake
from customers.importing import stray_in
from customers.lists.content import MOST_ENTRIES, Content, Entry, Problem, Words, problems_of, with_entries
from customers.wording import sentence
from tenants.cells import csv_line, original_cell, safe_cell
from tenants.workbooks import Sheet

MAX_BYTES = 2 * 1024**2
MAX_ROWS = 5_000  # read; a list has MOST_ENTRIES
BETWEEN = "、"
_BOM = b"\xef\xbb\xbf"
_CODE, _GROUP, _ALSO, _OFFERED = "code", "group", "also", "offered"
_YES, _NO = "○", "×"
_GROUPED = "group:"
_TITLES: Mapping[str, tuple[str, ...]] = {
    _CODE: ("コード", "Code"),
    **{code: (label.ja, label.en) for code, label in LANGUAGES.items()},
    _GROUP: ("分類", "Group"),
    **{
        f"{_GROUPED}{code}": (f"分類（{label.ja}）", f"Group ({label.en})")
        for code, label in LANGUAGES.items()
        if code != "ja"  # the group's own column
    },
    _ALSO: ("別名", "Other names"),
    _OFFERED: ("選択可", "Offered"),
}
COLUMNS: tuple[str, ...] = tuple(_TITLES)
_BY_TITLE = {fold(name).replace(" ", ""): key for key, names in _TITLES.items() for name in (key, *names)}
_OFFERS = {
    **dict.fromkeys(("", "○", "〇", "o", "1", "yes", "true", "可", "はい", "選択可"), True),
    **dict.fromkeys(("×", "x", "0", "no", "false", "不可", "いいえ", "取扱終了", "終了"), False),
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in a file: the row as a spreadsheet counts, 0 for the whole file, and the problem."""

    row: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file says: the list it would make, or every problem. ``retired``: what it does not name, set aside."""

    content: Content | None
    problems: tuple[RowProblem, ...] = ()
    retired: tuple[str, ...] = ()


def csv_of(content: Content) -> bytes:
    """UTF-8 with a byte order mark, as spreadsheets expect; no cell is run by one."""
    lines = [csv_line(cells, encoding="utf-8") for cells in _cells(content)]
    return _BOM + b"".join(lines)


def workbook_of(content: Content) -> bytes:
    """An Excel workbook in which every cell is text."""
    sheet = Sheet(name="list", columns=len(COLUMNS), heads=1)
    rows = b"".join(sheet.row([safe_cell(cell) for cell in cells]) for cells in _cells(content))
    return rows + sheet.end()


def read_list(file: BinaryIO, *, held: Content, base: Content | None, retires_missing: bool) -> Taken:
    """What a file makes of the draft ``held``. A column it lacks leaves what the draft has.

    ``retires_missing``: entries that it does not name are offered no more; otherwise those of ``base`` are problems.

    Raises:
        FileRefused: it cannot be read as a table.
    """
    data = b"".join(Intake(file, limit=MAX_BYTES).pieces())
    layout = _layout(data)
    rows, problems = _Rows(layout, held), []
    for record in records_of([data], layout):
        if rows.count >= MAX_ROWS:
            return Taken(None, (RowProblem(0, Problem("", "entries", "too_many", str(MOST_ENTRIES))),))
        problems += [RowProblem(record.line, problem) for problem in rows.take(record)]
    content, missing = rows.content(retires_missing)
    judged = problems_of(content, base)
    problems += [RowProblem(rows.row_of(one), one) for one in judged]
    ordered = tuple(sorted(dict.fromkeys(problems), key=lambda one: one.row))
    return Taken(None if ordered else content, ordered, missing)


class _Rows:
    """The rows of a file as they become entries."""

    def __init__(self, layout: Layout, held: Content) -> None:
        self.columns = {key: at for at, key in enumerate(layout.columns) if key}
        self.width, self.held = len(layout.columns), held
        self.entries: list[tuple[int, Entry]] = []
        self.groups: dict[str, dict[str, str]] = {words["ja"]: dict(words) for words in held.groups}
        self.said: set[tuple[str, str]] = set()
        self.count = 0

    def take(self, record: Record) -> Iterator[Problem]:
        self.count += 1
        if record.problem:
            params = {"expected": self.width, "found": len(record.fields), "limit": MAX_LINE}
            yield Problem("", "", "unreadable", sentence(record.problem, params))
            return
        if stray := next(filter(None, map(stray_in, record.fields)), None):
            yield Problem("", "", "unreadable", sentence(*stray))
            return
        code = self._cell(record, _CODE)
        held = self.held.entry(code) or Entry(code, {})
        said = {language: self._cell(record, language) for language in LANGUAGES if language in self.columns}
        words = {key: text for key, text in {**held.words, **said}.items() if text}
        entry = replace(held, words=words)
        if _GROUP in self.columns:
            entry = replace(entry, group=self._cell(record, _GROUP))
            yield from self._group(entry, record)
        if _ALSO in self.columns:
            parts = self._cell(record, _ALSO).replace("，", BETWEEN).replace(",", BETWEEN).split(BETWEEN)
            entry = replace(entry, also=tuple(dict.fromkeys(filter(None, map(str.strip, parts)))))
        if _OFFERED in self.columns:
            typed = self._cell(record, _OFFERED)
            if typed.lower() not in _OFFERS:
                yield Problem(code, _OFFERED, "bad_offered", typed[:20])
            entry = replace(entry, is_offered=_OFFERS.get(typed.lower(), True))
        self.entries.append((record.line, entry))

    def content(self, retires_missing: bool) -> tuple[Content, tuple[str, ...]]:
        """The list, and the codes that the file did not name and that are kept as retired."""
        named = {entry.code for _, entry in self.entries}
        left = [entry for entry in self.held.entries if entry.code not in named] if retires_missing else []
        entries = [*(entry for _, entry in self.entries), *(replace(entry, is_offered=False) for entry in left)]
        groups: list[Words] = list(self.groups.values())
        held = replace(self.held, groups=tuple(groups), _by_code={})
        return with_entries(held, entries), tuple(entry.code for entry in left)

    def row_of(self, problem: Problem) -> int:
        """The last row with the entry, which of two is the one that came too late; 0 where there is none."""
        found = [line for line, entry in self.entries if entry.code == problem.entry] if problem.entry else []
        return found[-1] if found else 0

    def _group(self, entry: Entry, record: Record) -> Iterator[Problem]:
        if not entry.group:
            return
        words = self.groups.setdefault(entry.group, {"ja": entry.group})
        for language in LANGUAGES:
            said = self._cell(record, f"{_GROUPED}{language}")
            if not said:
                continue
            if (entry.group, language) in self.said and words.get(language) != said:
                yield Problem(entry.code, _GROUP, "group_said_twice", entry.group)
            self.said.add((entry.group, language))
            words[language] = said

    def _cell(self, record: Record, key: str) -> str:
        return record.fields[self.columns[key]].strip() if key in self.columns else ""


def _cells(content: Content) -> Iterator[list[str]]:
    yield [_TITLES[key][0] for key in COLUMNS]
    groups = {words["ja"]: words for words in content.groups}
    for entry in content.entries:
        group = groups.get(entry.group, {})
        said = {
            _CODE: entry.code,
            _GROUP: entry.group,
            _ALSO: BETWEEN.join(entry.also),
            _OFFERED: _YES if entry.is_offered else _NO,
            **{f"{_GROUPED}{language}": group.get(language, "") for language in LANGUAGES},
            **{language: entry.words.get(language, "") for language in LANGUAGES},
        }
        yield [said[key] for key in COLUMNS]


def _layout(data: bytes) -> Layout:
    """How to read it. Raises FileRefused: no table of ours."""
    if data.startswith(tape.MAGIC.encode()):
        line = data.partition(b"\n")[0].decode(tape.ENCODING, "replace") + "\n"
        encoding, row = tape.header_of(line)
        titles, delimiter = list(row.cells), tape.UNIT
    else:
        if b"\0" in data:
            raise FileRefused("nul_byte", line=data[: data.index(b"\0")].count(b"\n") + 1)
        encoding = "utf-8-sig" if data.startswith(_BOM) else "utf-8"
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            encoding = "cp932"
            text = data.decode(encoding, "replace")
        first = io.StringIO(text, newline=None).readline()
        delimiter = max(",\t;", key=first.count)
        titles = next(csv.reader([first.rstrip("\n")], delimiter=delimiter), [])
    titles = [original_cell(title.strip()) for title in titles]
    columns = tuple(_BY_TITLE.get(fold(title).replace(" ", "")) for title in titles)
    if _CODE not in columns or "ja" not in columns:
        raise FileRefused("missing_columns", columns=[_TITLES[key][0] for key in (_CODE, "ja") if key not in columns])
    if twice := sorted({title for title, key in zip(titles, columns, strict=True) if key and columns.count(key) > 1}):
        raise FileRefused("duplicate_columns", columns=twice)
    return Layout(encoding, delimiter, columns, tuple(titles))
