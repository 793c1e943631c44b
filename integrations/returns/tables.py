"""A layout as people write it: a table with one line for each field, pasted from a spreadsheet or typed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from customers.facts.shape import Fact
from customers.folding import fold
from integrations.returns import wording
from integrations.returns.layouts import FILLS, FORMS, MARK, RECORDS, TEXT, Cell, LayoutInvalid, ReturnForm, choices_for
from integrations.returns.spelling import codes_of

COLUMNS = 7
MAX_TEXT = 60_000


def table_of(form: ReturnForm) -> str:
    """The fields of a layout as a table, its columns parted by tabs, in the words of the page."""
    whats = {record: _whats(record, form.known) for record, _cells in form.records()}
    lines = [
        [
            str(wording.RECORDS[record]),
            whats[record][cell.what],
            cell.text if cell.what == TEXT else cell.title,
            str(cell.length or ""),
            str(wording.FILLS[cell.fill]),
            str(wording.FORMS[cell.form]),
            _said_codes(cell, form.known),
        ]
        for record, cells in form.records()
        for cell in cells
    ]
    return "\n".join("\t".join(line) for line in lines)


def records_of(text: str, *, facts: Mapping[str, Fact]) -> dict[str, list[dict[str, Any]]]:
    """The records that a table describes, to be checked by `integrations.returns.layouts.form_from`.

    Raises:
        LayoutInvalid: a line that says something unknown, with its number.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for number, cells in _lines(text):
        if len(cells) > COLUMNS:
            raise LayoutInvalid("line_too_long", line=number)
        record, what, words, length, fill, form, codes = [*cells, *[""] * (COLUMNS - len(cells))]
        name = _meant(number, record, wording.RECORDS)
        field = _meant(number, what, _whats(name, facts))
        found.setdefault(name, []).append(
            {
                "what": field,
                "text" if field == TEXT else "title": words,
                "length": _length(number, length),
                "fill": _meant(number, fill, wording.FILLS) if fill else FILLS[0],
                "form": _meant(number, form, wording.FORMS) if form else FORMS[0],
                "values": _codes(number, field, codes, facts),
            }
        )
    return {name: found[name] for name in RECORDS if name in found}


def _said_codes(cell: Cell, facts: Mapping[str, Fact]) -> str:
    words = codes_of(cell.what, facts)
    return ", ".join(f"{words.get(ours, ours)}={theirs}" for ours, theirs in cell.values.items())


def _lines(text: str) -> Iterable[tuple[int, list[str]]]:
    if len(text) > MAX_TEXT:
        raise LayoutInvalid("too_long_table")
    delimiter = "\t" if "\t" in text else ","
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                cells = next(csv.reader(io.StringIO(line), delimiter=delimiter, strict=True))
            except csv.Error as error:
                raise LayoutInvalid("line", line=number, found=line[:40]) from error
            yield number, [cell.strip(" ") for cell in cells]


def _whats(record: str, facts: Mapping[str, Fact]) -> dict[str, str]:
    """What may stand in a record, by its title; by its key where two have the same."""
    titles = {what: wording.what_title(what) for what in choices_for(record, facts=facts)}
    times = Counter(map(fold, titles.values()))
    return {what: title if times[fold(title)] == 1 else what for what, title in titles.items()}


def _meant(number: int, said: str, words: Mapping[str, object]) -> str:
    """The key of a word; the key itself will do."""
    wanted = fold(said)
    for key, word in words.items():
        if wanted in (fold(key), fold(str(word))):
            return key
    raise LayoutInvalid("line", line=number, found=said[:40])


def _length(number: int, said: str) -> int:
    if not said:
        return 0
    if not (said.isascii() and said.isdigit() and len(said) <= 5):
        raise LayoutInvalid("line", line=number, found=said[:40])
    return int(said)


def _codes(number: int, what: str, said: str, facts: Mapping[str, Fact]) -> dict[str, str]:
    ours = {fold(word): key for key, word in codes_of(what.removeprefix(MARK), facts).items()}
    codes: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in said.replace("、", ",").split(","))):
        word, is_one, code = pair.partition("=")
        key = ours.get(fold(word.strip()), word.strip())
        if not is_one or key not in ours.values():
            raise LayoutInvalid("line", line=number, found=pair[:40])
        codes[key] = code.strip()
    return codes
