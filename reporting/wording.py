"""A sentence of the trail and how it looks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence with places for ``actor``, ``target`` and the event's own data, and how it looks."""

    text: Promise | str
    icon: str = "circle"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A fact that a change was about, with what it was and became in words."""

    label: str
    before: str
    after: str
    is_masked: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the timeline and the audit list show it."""

    at: datetime
    text: str
    icon: str
    kind: str
    details: list[str]
    url: str = ""
    turns: list[Turn] = field(default_factory=list)
