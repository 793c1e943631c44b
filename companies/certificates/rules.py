"""What a registry certificate says beside the customer file, and until when it counts as recent. Pure."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from stdnum.jp import cn

from companies.comparing import Line, agrees
from customers.folding import fold_name
from customers.parsing import Invalid, narrow, read_amount, read_corporate_number

# As banks ask for them; the law on the prevention of transfer of criminal proceeds allows six (施行規則 §7).
MONTHS = 3
# What has its place in the customer file, in the order of the paper.
FACTS = ("name", "corporate_number", "address", "representative", "established_on", "capital")
OFFICERS = "officers"
# officers whom only the file names were ended
ENDED = "officers_ended"
_REPRESENTING = re.compile(r"代表|理事長|会長")
_LONGEST_OFFICER = 80
_CAPITAL = re.compile(r"金?(?:(?P<oku>\d{1,6})億)?(?:(?P<man>\d{1,4})万)?(?P<yen>\d{1,4})?円")


@dataclass(frozen=True, slots=True)
class Officer:
    """One line of the paper: the office as it is written there, and the name."""

    office: str
    name: str

    @property
    def represents(self) -> bool:
        """Whether the office is one of those that represent a company."""
        return bool(_REPRESENTING.search(self.office))


@dataclass(frozen=True, slots=True)
class Officers:
    """Officers on both sides, and those on one side only."""

    both: tuple[Officer, ...]
    only_paper: tuple[Officer, ...]
    only_file: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether the paper and the file name the same people."""
        return not self.only_paper and not self.only_file


def good_until(issued_on: date) -> date:
    """The last day on which it is no older than `MONTHS` months (民法 §143)."""
    year, month = divmod(issued_on.year * 12 + issued_on.month - 1 + MONTHS, 12)
    return date(year, month + 1, min(issued_on.day, monthrange(year, month + 1)[1]))


def read_company_number(typed: str) -> str | None:
    """The corporate number; of the twelve digits that a certificate has (会社法人等番号), with its check digit before.

    Raises:
        Invalid: it is neither.
    """
    digits = re.sub(r"[-‐－―ー ]", "", narrow(typed))
    if len(digits) == 12 and digits.isascii() and digits.isdigit():
        return f"{cn.calc_check_digit(digits)}{digits}"
    return read_corporate_number(typed)


def read_capital(typed: str) -> int | None:
    """Yen; also as certificates print it, 「金１億２，０００万円」.

    Raises:
        Invalid: it is no amount.
    """
    found = _CAPITAL.fullmatch(re.sub(r"[,，、\s]", "", unicodedata.normalize("NFKC", typed)))
    if found and (found["oku"] or found["man"]):
        return int(found["oku"] or 0) * 100_000_000 + int(found["man"] or 0) * 10_000 + int(found["yen"] or 0)
    return read_amount(typed.strip().removeprefix("金"))


def read_officers(typed: str) -> list[Officer]:
    """One officer a line, the office before the name: 「取締役　山田 太郎」.

    Raises:
        Invalid: a line without both ("officer_line", with its number), or too long.
    """
    found = []
    for number, line in enumerate(typed.splitlines(), start=1):
        if not line.strip():
            continue
        office, _, name = re.sub(r"[\s　]+", " ", line.strip()).partition(" ")
        if not name:
            raise Invalid("officer_line", line=number)
        if len(line) > _LONGEST_OFFICER:
            raise Invalid("too_long", limit=_LONGEST_OFFICER)
        found.append(Officer(office, name))
    return found


def officers_in(said: Mapping[str, object]) -> list[Officer]:
    """The officers of a transcription."""
    rows = said.get(OFFICERS)
    return [Officer(str(row[0]), str(row[1])) for row in rows] if isinstance(rows, list) else []


def compare_facts(facts: Mapping[str, object], said: Mapping[str, object]) -> list[Line]:
    """Each thing that the paper says and the file may have. What the paper does not say is left out."""
    lines = []
    for key in FACTS:
        paper = said.get(key)
        if paper is None or paper == "":
            continue
        on_file = facts.get(key)
        ours = "" if on_file is None else str(on_file)
        is_same = fold_name(ours) == fold_name(str(paper)) if key == "representative" else agrees(key, ours, str(paper))
        lines.append(Line(key, ours, str(paper), bool(ours) and is_same))
    return lines


def compare_officers(on_file: Sequence[str], paper: Sequence[Officer]) -> Officers:
    """By name as it is folded for searching; a person of two offices is one."""
    ours = {folded(name): name for name in on_file}
    theirs = {folded(officer.name): officer for officer in reversed(paper)}
    return Officers(
        both=tuple(officer for key, officer in theirs.items() if key in ours),
        only_paper=tuple(officer for key, officer in reversed(theirs.items()) if key not in ours),
        only_file=tuple(name for key, name in ours.items() if key not in theirs),
    )


def folded(name: str) -> str:
    """A name as officers are compared by it."""
    return re.sub(r"\s", "", fold_name(unicodedata.normalize("NFKC", name)))
