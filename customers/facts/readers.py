"""Who reads an institution's own attribute: each room says here what of its own would go without it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tenants.reach import within_reach


@dataclass(frozen=True, slots=True)
class Reader:
    """Something that reads an attribute, in words.

    ``is_binding``: it would judge wrongly without it. ``asks_customers``: it is a questionnaire that asks for it.
    ``details``: which parts of it.
    """

    words: str
    is_binding: bool = False
    asks_customers: bool = False
    details: tuple[str, ...] = ()


type FindsReaders = Callable[[str], Iterable[Reader]]

_finders: list[FindsReaders] = []


def register_readers(find: FindsReaders) -> None:
    """Have a room name what of its own reads the attribute with this key."""
    _finders.append(find)


def readers_of(key: str) -> list[Reader]:
    """Everything that reads an attribute, the binding ones first; what the person who asks may not see is counted."""
    with within_reach(None):
        found = [reader for find in _finders for reader in find(key)]
    return sorted(found, key=lambda reader: not reader.is_binding)
