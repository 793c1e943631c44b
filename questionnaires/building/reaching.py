"""What a condition may read at its place in a document, and what each of these answers is to be compared with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from customers.codes import COUNTRIES
from questionnaires.building.parts import Document, Part, name_of, said
from questionnaires.building.renaming import fields_renamed, reads_of
from questionnaires.schema import Kind, NamePart, more_field, part_field, postal_field
from questionnaires.shaping import CHOSEN, FLAGS, NUMBERS

_CHANGED = "changed:"
_NEVER_COMPARED = frozenset({Kind.PEOPLE, Kind.FILE, Kind.EKYC, Kind.INFORMATION})


class Sort(StrEnum):
    """What an answer is to conditions."""

    FLAG = "flag"
    CHANGE = "change"
    NUMBER = "number"
    CHOICE = "choice"
    SEVERAL = "several"
    DAY = "day"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Comparable:
    """An answer that a condition may read. ``values``: what is offered for it; empty where a value is typed."""

    answer: str
    name: str
    sort: Sort
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """What a condition may read at its place. ``later``: answers that are asked there or after it, by their page."""

    document: Document
    comparables: Mapping[str, Comparable]
    later: Mapping[str, str]
    is_check: bool = False


def reach_of_page(document: Document, page_id: str, language: str) -> Reach:
    """What the condition of a page may read: the answers of pages before it, and what is worked out of them."""
    pages = document["pages"]
    at = next((number for number, page in enumerate(pages) if page["id"] == page_id), len(pages))
    return _reach(document, at, _Teller(document, language))


def reach_of_check(document: Document, page_id: str, language: str) -> Reach:
    """What a check may read: the answers of its page and of those before it, as they were given."""
    pages = document["pages"]
    at = next((number for number, page in enumerate(pages) if page["id"] == page_id), len(pages))
    return _reach(document, at + 1, _Teller(document, language), is_check=True)


def reach_of_calculated(document: Document, name: str, language: str) -> Reach:
    """What a calculated value may read: every answer, and other calculated values that do not read it themselves."""
    return _reach(document, len(document["pages"]), _Teller(document, language), but_of=name)


@dataclass(frozen=True, slots=True)
class _Teller:
    document: Document
    language: str

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        return (("true", _("Yes")), ("false", _("No")))

    def of_question(self, question: Part) -> Comparable | None:
        kind = question["kind"]
        if kind in _NEVER_COMPARED:
            return None
        name = said(question, "label", self.language) or question["id"]
        if kind in FLAGS:
            return Comparable(question["id"], name, Sort.FLAG, self.flags)
        if kind in CHOSEN:
            offered = self.document.get("choice_lists", {}).get(question.get("choices"), ())
            values = tuple((one["value"], said(one, "label", self.language) or one["value"]) for one in offered)
            return Comparable(question["id"], name, Sort.SEVERAL if kind == Kind.CHECKBOXES else Sort.CHOICE, values)
        if kind == Kind.COUNTRY:
            countries = tuple((code, label.in_language(self.language)) for code, label in COUNTRIES.items())
            return Comparable(question["id"], name, Sort.CHOICE, countries)
        sort = Sort.NUMBER if kind in NUMBERS else Sort.DAY if kind == Kind.DATE else Sort.TEXT
        return Comparable(question["id"], name, sort)

    def of_parts(self, question: Part) -> Iterator[Comparable]:
        """What else its answer gives: texts."""
        name, kind = name_of(question, self.language), question["kind"]
        parts: dict[str, str] = {}
        if kind == Kind.ADDRESS:
            parts[postal_field(question["id"])] = _("Postal code")
        if kind == Kind.NAME:
            words = {NamePart.KANA: _("In katakana"), NamePart.LATIN: _("In Roman letters")}
            parts |= {part_field(question["id"], one): words[one] for one in words if one in question.get("parts", ())}
        offered = self.document.get("choice_lists", {}).get(question.get("choices"), ())
        if kind in CHOSEN and any(one.get("more") for one in offered):
            parts[more_field(question["id"])] = _("In own words")
        yield from (Comparable(field, f"{name}: {words}", Sort.TEXT) for field, words in parts.items())

    def of_calculated(self, one: Part) -> Comparable:
        is_flag = "holds" in one
        return Comparable(one["id"], one["id"], Sort.FLAG if is_flag else Sort.NUMBER, self.flags if is_flag else ())

    def of_change(self, question: Part) -> Comparable:
        name = said(question, "label", self.language) or question["id"]
        return Comparable(_CHANGED + question["id"], name, Sort.CHANGE, self.flags)


def _reach(document: Document, pages: int, teller: _Teller, *, is_check: bool = False, but_of: str = "") -> Reach:
    """``pages``: how many of them are asked by then. ``but_of``: without this value and what is worked out of it."""
    asked = [question for page in document["pages"][:pages] for question in page["questions"]]
    found = [one for question in asked if (one := teller.of_question(question))]
    found += [one for question in asked for one in teller.of_parts(question)]
    if not is_check:
        found += [teller.of_calculated(one) for one in _worked_out(document, asked, but_of)]
        found += [teller.of_change(question) for question in asked if question.get("maps_to")]
    later = {
        field: name_of(page, teller.language)
        for page in document["pages"][pages:]
        for question in page["questions"]
        for field in fields_renamed(question["id"], question["id"])
    }
    return Reach(document, {one.answer: one for one in found}, later, is_check)


def _worked_out(document: Document, asked: Sequence[Part], but_of: str) -> list[Part]:
    """The calculated values whose answers have all been asked."""
    known = {field for question in asked for field in fields_renamed(question["id"], question["id"])}
    left = [one for one in document.get("calculated", ()) if one["id"] != but_of]
    taken: list[Part] = []
    while ready := [one for one in left if {name.removeprefix(_CHANGED) for name in reads_of_value(one)} <= known]:
        taken += ready
        known |= {one["id"] for one in ready}
        left = [one for one in left if one not in ready]
    order = [one["id"] for one in document.get("calculated", ())]
    return sorted(taken, key=lambda one: order.index(one["id"]))


def reads_of_value(one: Mapping[str, Any]) -> set[str]:
    """The answers that a calculated value is worked out of."""
    counted = {one["count"]} if "count" in one else set()
    return reads_of(one.get("holds")) | set(one.get("sum", ())) | counted
