"""With whose letter the answer sheet goes: everybody's, or of those who answer on paper rather than on a screen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from channels.protocols import Channel


class Enclosing(StrEnum):
    """Whose letters have a sheet."""

    NOBODY = "NOBODY"
    OFFLINE = "OFFLINE"
    ALL = "ALL"


def is_enclosed(rule: Mapping[str, Any], *, channels: Collection[str], age: int | None) -> bool:
    """Whether the letter to one customer has a sheet in it.

    ``rule``: a plan's part of that name, empty in older plans. ``channels``: by which something can reach them now.
    ``age``: in years, of a person whose date of birth is on file.
    """
    whom = rule.get("whom", Enclosing.NOBODY)
    if whom != Enclosing.OFFLINE:
        return bool(whom == Enclosing.ALL)
    from_age = rule.get("from_age")
    is_old = from_age is not None and age is not None and age >= from_age
    return is_old or not set(channels) - {Channel.POST}


def age_on(born_on: str | None, today: date) -> int | None:
    """In years completed, from a date in ISO 8601. Whoever is born on 29 February is older on 1 March."""
    if not born_on:
        return None
    born = date.fromisoformat(born_on)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
