"""Reads of questions and answers: those in force for customers, and all of them for staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import override

from outreach.faq.models import FaqEntry
from outreach.faq.standard import ALWAYS_SHOWN, AUDIENCES, QUESTIONS, Question

Status = FaqEntry.Status
STANDARD: Mapping[str, Question] = {one.code: one for one in QUESTIONS}
PLACES: Mapping[str, int] = {one.code: place * 10 for place, one in enumerate(QUESTIONS, start=1)}
# Where words are looked for that a language lacks.
_NEAR = {"ja": ("ja",), "ja-easy": ("ja-easy", "ja")}


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as customers read it, and in which language its words really are."""

    code: str
    ask: str
    answer: str
    language: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One question as staff see it. ``entry``: the institution's own words or wish; ``waiting``: what is proposed."""

    code: str
    topic: str
    audiences: frozenset[str]
    place: int
    ask: str
    entry: FaqEntry | None
    waiting: FaqEntry | None

    @property
    def is_hidden(self) -> bool:
        """Whether customers do not see it."""
        return self.entry is not None and self.entry.is_hidden

    @property
    def is_own(self) -> bool:
        """Whether the product has no such question."""
        return self.code not in STANDARD

    @property
    def may_hide(self) -> bool:
        """Whether the institution may leave it away."""
        return self.code not in ALWAYS_SHOWN


def entries_in_force() -> dict[str, FaqEntry]:
    """The newest approved entry of each question. One query."""
    rows = FaqEntry.objects.filter(status=Status.APPROVED)
    return {row.code: row for row in rows.order_by("code", "-approved_at", "-pk").distinct("code")}


def shown_questions(topic: str, audience: str, *, language: str, phone: str) -> list[Shown]:
    """What customers of an audience read on a topic, in its order. One query."""
    entries = entries_in_force()
    found: list[tuple[int, Shown]] = []
    for one in QUESTIONS:
        entry = entries.get(one.code)
        if one.topic != topic or audience not in one.audiences or (entry and entry.is_hidden):
            continue
        place = entry.place if entry else PLACES[one.code]
        own = words_of(entry, language) if entry else None
        found.append((place, own or Shown(one.code, str(one.ask), str(one.answer) % {"phone": phone}, language)))
    for entry in entries.values():
        if entry.code in STANDARD or entry.is_hidden or entry.topic != topic or audience not in entry.audiences:
            continue
        if own := words_of(entry, language):
            found.append((entry.place, own))
    return [shown for _place, shown in sorted(found, key=lambda pair: (pair[0], pair[1].code))]


def words_of(entry: FaqEntry, language: str) -> Shown | None:
    """The institution's own words in a language, or in the nearest that it wrote; None where it wrote none."""
    for near in _NEAR.get(language, (language, "en", "ja")):
        if entry.asks.get(near) and entry.answers.get(near):
            return Shown(entry.code, entry.asks[near], entry.answers[near], near)
    return None


def listed_questions() -> list[Listed]:
    """Every question for staff: those of the product in their order, and the institution's own. Two queries."""
    entries = entries_in_force()
    waiting = {row.code: row for row in FaqEntry.objects.filter(status=Status.PROPOSED)}
    standard = [_listed_standard(one, entries.get(one.code), waiting.get(one.code)) for one in QUESTIONS]
    codes = [code for code in {**entries, **waiting} if code not in STANDARD]
    own = [_listed_own(code, entries.get(code), waiting.get(code)) for code in codes]
    return sorted([*standard, *own], key=lambda one: (one.topic, one.place, one.code))


def listed(code: str, among: Iterable[Listed] | None = None) -> Listed | None:
    """One of them."""
    return next((one for one in (among or listed_questions()) if one.code == code), None)


def read_words(found: Listed, language: str, *, phone: str) -> Shown:
    """What customers read of a question in a language, the institution's own words or the product's.

    Of one that is not approved yet, what they would read.
    """
    said = found.entry or (found.waiting if found.is_own else None)
    if said is not None and (own := words_of(said, language)):
        return own
    ask, answer = standard_words(found.code, language)
    return Shown(found.code, ask, answer % {"phone": phone}, language)


def standard_words(code: str, language: str) -> tuple[str, str]:
    """What the product says, the places of the telephone number left open."""
    with override(language):
        one = STANDARD[code]
        return str(one.ask), str(one.answer)


def _listed_standard(one: Question, entry: FaqEntry | None, waiting: FaqEntry | None) -> Listed:
    own = words_of(entry, "ja") if entry else None
    place = entry.place if entry else PLACES[one.code]
    return Listed(one.code, one.topic, one.audiences, place, own.ask if own else str(one.ask), entry, waiting)


def _listed_own(code: str, entry: FaqEntry | None, waiting: FaqEntry | None) -> Listed:
    said = entry or waiting
    assert said is not None
    audiences = frozenset(said.audiences) & frozenset(AUDIENCES)
    return Listed(code, said.topic, audiences, said.place, said.asks.get("ja", code), entry, waiting)
