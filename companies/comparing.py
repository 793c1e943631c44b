"""How the register differs from the customer file, and which of its companies may be the one meant. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from companies.changing import address_of, is_closed
from companies.protocols import Entry
from customers.folding import fold_address, fold_kana, fold_name

# What may be taken over, in reading order.
FACTS = ("corporate_number", "name", "kana", "postal_code", "address")
_LEGAL_FORM = re.compile(
    r"株式会社|有限会社|合同会社|合資会社|合名会社|(?:一般|公益|特例)?(?:社団|財団)法人|\((?:株|有|同|資|名|一社|一財)\)"
)
_CITY = re.compile(r"^(?:東京都|北海道|(?:京都|大阪)府|.{2,3}県)?(?P<city>.{1,20}?[市区町村])")


@dataclass(frozen=True, slots=True)
class Line:
    """One fact: as the file has it, as the register has it."""

    key: str
    on_file: str
    registered: str
    is_same: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company that may be the one meant, and why: "name", "postal_code", "address", "city"."""

    entry: Entry
    reasons: tuple[str, ...]


def registered_facts(entry: Entry) -> dict[str, str]:
    """The register's words under the customer file's names; what it does not say is left out."""
    facts = {
        "corporate_number": entry.number,
        "name": entry.name,
        "kana": entry.furigana,
        "postal_code": entry.postal_code,
        "address": address_of(entry),
    }
    return {key: value for key, value in facts.items() if value}


def compare(facts: Mapping[str, object], registered: Mapping[str, str]) -> list[Line]:
    """Each thing that the register says. Width, legal form and old characters make no difference, nor does the
    building that only the file knows."""
    return [
        Line(key, str(facts.get(key) or ""), registered[key], agrees(key, str(facts.get(key) or ""), registered[key]))
        for key in FACTS
        if key in registered
    ]


def agrees(key: str, on_file: str, registered: str) -> bool:
    """Whether the file says the same in its own way."""
    if not on_file:
        return False
    if key == "address":
        ours, theirs = fold_address(on_file), fold_address(registered)
        rest = ours.removeprefix(theirs)
        return ours == theirs or (rest != ours and not re.match(r"-?\d", rest))
    fold = _FOLDS.get(key, str)
    return fold(on_file) == fold(registered)


def candidates(entries: Iterable[Entry], facts: Mapping[str, object], *, limit: int) -> list[Candidate]:
    """The likeliest first: by how much speaks for them, then those that still exist."""
    found = [Candidate(entry, _reasons(registered_facts(entry), facts)) for entry in entries]
    found.sort(key=lambda one: (-len(one.reasons), is_closed(one.entry), one.entry.number))
    return found[:limit]


def bare_name(name: str) -> str:
    """What to ask a register for: without the legal form, which each writes in its own place and way."""
    text = unicodedata.normalize("NFKC", name)
    return _LEGAL_FORM.sub("", text).strip() or text.strip()


def _reasons(registered: Mapping[str, str], facts: Mapping[str, object]) -> tuple[str, ...]:
    ours = {key: str(facts.get(key) or "") for key in FACTS}
    reasons = [key for key in ("name", "postal_code", "address") if agrees(key, ours[key], registered.get(key, ""))]
    city = _CITY.match(ours["address"])
    if "address" not in reasons and city and city["city"] in registered.get("address", ""):
        reasons.append("city")
    return tuple(reasons)


_FOLDS: Mapping[str, Callable[[str], str]] = {"name": fold_name, "kana": fold_kana}
