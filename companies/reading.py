"""From the tax agency's 30 fields to an entry of the register: strict, because a shifted column would go unseen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from companies.protocols import Entry
from customers.folding import fold_name

FIELDS = 30
_NUMBER = re.compile(r"\d{13}", re.ASCII)
_CODE = re.compile(r"\d{2}", re.ASCII)
_WEIGHTS = (2, 1) * 6


class BadEntry(ValueError):
    """A line that is no entry of the register; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_corporate_number(text: str) -> bool:
    """Thirteen digits, of which the first is right for the others: 9 − (Σ Pn·Qn mod 9), as published."""
    if not _NUMBER.fullmatch(text):
        return False
    digits = map(int, text[1:])
    return int(text[0]) == 9 - sum(digit * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 9


def read_entry(cells: Sequence[str]) -> Entry:
    """One line of a file or of an answer.

    Raises:
        BadEntry: not 30 fields, no such number, no such day, or a code that is none.
    """
    if len(cells) != FIELDS:
        raise BadEntry("fields")
    number, process, name = cells[1], cells[2], cells[6]
    if not is_corporate_number(number):
        raise BadEntry("number")
    if not _CODE.fullmatch(process):
        raise BadEntry("process")
    if not name:
        raise BadEntry("name")
    changed, updated = _day(cells[5]), _day(cells[4])
    if changed is None or updated is None:
        raise BadEntry("date")
    if cells[23] not in ("0", "1"):
        raise BadEntry("latest")
    successor = cells[20]
    if successor and not is_corporate_number(successor):
        raise BadEntry("successor")
    return Entry(
        number=number,
        name=name,
        name_fold=fold_name(name),
        furigana=cells[28],
        name_en=cells[24],
        kind=cells[8],
        prefecture=cells[9],
        city=cells[10],
        street=cells[11],
        address_abroad=cells[16],
        postal_code=cells[15],
        process=process,
        changed_on=changed,
        updated_on=updated,
        closed_on=_day(cells[18]),
        close_cause=cells[19],
        successor=successor,
        change_cause=cells[21],
        assigned_on=_day(cells[22]),
        has_odd_characters=bool(cells[7] or cells[12]),
        is_hidden=cells[29] == "1",
        is_latest=cells[23] == "1",
    )


@lru_cache(maxsize=20_000)
def _day(text: str) -> date | None:
    """Few different days stand in millions of lines."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadEntry("date") from None
