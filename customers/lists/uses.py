"""Who uses the codes of a list, and who would not know what to make of one: each room says here what is its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from tenants.reach import within_reach


@dataclass(frozen=True, slots=True)
class Use:
    """Something that names codes of a list, in words."""

    words: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that would not know what to make of some codes, in words."""

    words: str
    codes: tuple[str, ...]


type FindsUses = Callable[[str], Iterable[Use]]
type FindsConcerns = Callable[[str, Collection[str]], Iterable[Concern]]

_uses: list[FindsUses] = []
_concerns: list[FindsConcerns] = []


def register_uses(find: FindsUses) -> None:
    """Have a room name what of its own uses codes of the list with this key."""
    _uses.append(find)


def register_concerns(find: FindsConcerns) -> None:
    """Have a room say which of these codes of a list it could not judge."""
    _concerns.append(find)


def uses_of(key: str) -> list[Use]:
    """Everything that uses codes of a list, also what the person who asks may not see."""
    with within_reach(None):
        return [use for find in _uses for use in find(key) if use.codes]


def concerns_about(key: str, codes: Collection[str]) -> list[Concern]:
    """What has to be thought of before these codes may stand in files."""
    with within_reach(None):
        return [concern for find in _concerns for concern in find(key, codes) if concern.codes]
