"""A sentence of the trail and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence with places for ``actor``, ``target`` and the event's own data, and how it looks."""

    text: Promise | str
    icon: str = "circle"
    kind: str = ""
