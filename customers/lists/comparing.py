"""What differs between two states of a list. No Django, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from customers.codes import LANGUAGES
from customers.lists.content import Content, Entry


class Turn(StrEnum):
    """What became of an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RETIRED = "retired"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Detail:
    """One part of an entry before and after; ``part`` is a language, ``group`` or ``also``."""

    part: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that differs, under its words of today."""

    code: str
    ja: str
    turn: Turn
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs. ``is_reordered``: entries that both have stand in another order."""

    changes: tuple[Change, ...]
    is_reordered: bool
    details: tuple[Detail, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.is_reordered or self.details)

    def codes(self, *turns: Turn) -> tuple[str, ...]:
        """Of those that became so."""
        return tuple(change.code for change in self.changes if change.turn in turns)


def difference(before: Content | None, after: Content) -> Difference:
    """From one state to the other, in the order of the later one; None: there was no list."""
    if before is None:
        return Difference(tuple(Change(one.code, one.ja, Turn.ADDED) for one in after.entries), is_reordered=False)
    common = [entry.code for entry in after.entries if before.entry(entry.code)]
    was = [entry.code for entry in before.entries if after.entry(entry.code)]
    return Difference(tuple(_changes(before, after)), common != was, tuple(_of_names(before, after)))


def _changes(before: Content, after: Content) -> Iterator[Change]:
    for entry in after.entries:
        held = before.entry(entry.code)
        if held is None:
            yield Change(entry.code, entry.ja, Turn.ADDED)
            continue
        details = tuple(_details(held, entry))
        if held.is_offered != entry.is_offered:
            yield Change(entry.code, entry.ja, Turn.RESTORED if entry.is_offered else Turn.RETIRED, details)
        elif details:
            yield Change(entry.code, entry.ja, Turn.CHANGED, details)
    for entry in before.entries:
        if after.entry(entry.code) is None:
            yield Change(entry.code, entry.ja, Turn.REMOVED)


def _details(before: Entry, after: Entry) -> Iterator[Detail]:
    parts = [(language, before.words.get(language, ""), after.words.get(language, "")) for language in LANGUAGES]
    parts += [("group", before.group, after.group), ("also", "、".join(before.also), "、".join(after.also))]
    yield from (Detail(part, was, becomes) for part, was, becomes in parts if was != becomes)


def _of_names(before: Content, after: Content) -> Iterator[Detail]:
    for part, was, becomes in (("ja", before.name.ja, after.name.ja), ("en", before.name.en, after.name.en)):
        if was != becomes:
            yield Detail(part, was, becomes)
