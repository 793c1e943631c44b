"""What happened to a company between two states of the register. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from companies.protocols import Entry

_ADDRESS = ("prefecture", "city", "street", "address_abroad")
# Crossed out by the registry office, or deleted by the agency: gone, with or without a day of closing.
_GONE = ("81", "99")


class Kind(StrEnum):
    """What may happen to a company."""

    CLOSED = "CLOSED"
    MERGED = "MERGED"
    REOPENED = "REOPENED"
    RENAMED = "RENAMED"
    MOVED = "MOVED"


# What the agency says itself, where we did not know the company before.
_BY_PROCESS = {
    "11": Kind.RENAMED,
    "12": Kind.MOVED,
    "13": Kind.MOVED,
    "21": Kind.CLOSED,
    "22": Kind.REOPENED,
    "71": Kind.MERGED,
    "72": Kind.REOPENED,
    "81": Kind.CLOSED,
    "99": Kind.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened: what the register said before (nothing, if we did not know) and says now."""

    number: str
    kind: Kind
    on: date
    before: Mapping[str, str]
    after: Mapping[str, str]


def changes_between(before: Entry | None, after: Entry) -> list[Change]:
    """What happened. Two states are compared, so that it makes no difference how many steps lay between them."""
    if before is None:
        kind = _BY_PROCESS.get(after.process)
        return [] if kind is None else [_change(kind, None, after)]
    kinds = []
    was, now = is_closed(before), is_closed(after)
    if now and (not was or (after.successor and after.successor != before.successor)):
        kinds.append(Kind.MERGED if after.successor or after.close_cause == "11" else Kind.CLOSED)
    if was and not now:
        kinds.append(Kind.REOPENED)
    if before.name != after.name:
        kinds.append(Kind.RENAMED)
    if address_of(before) != address_of(after):
        kinds.append(Kind.MOVED)
    return [_change(kind, before, after) for kind in kinds]


def is_closed(entry: Entry) -> bool:
    """Whether the company is no more, as far as the register knows."""
    return entry.closed_on is not None or entry.process in _GONE


def address_of(entry: Entry) -> str:
    """In one line; abroad as the register writes it."""
    return entry.address_abroad or "".join(getattr(entry, part) for part in _ADDRESS)


def _change(kind: Kind, before: Entry | None, after: Entry) -> Change:
    day = after.closed_on if kind in (Kind.CLOSED, Kind.MERGED) and after.closed_on else after.changed_on
    return Change(after.number, kind, day, _told(kind, before) if before else {}, _told(kind, after))


def _told(kind: Kind, entry: Entry) -> dict[str, str]:
    """What is worth showing of one state."""
    if kind == Kind.RENAMED:
        told = {"name": entry.name, "kana": entry.furigana}
    elif kind == Kind.MOVED:
        told = {"address": address_of(entry), "postal_code": entry.postal_code}
    else:
        closed = entry.closed_on.isoformat() if entry.closed_on else ""
        told = {"closed_on": closed, "close_cause": entry.close_cause, "successor": entry.successor}
    return {key: value for key, value in told.items() if value}
