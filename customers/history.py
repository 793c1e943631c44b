"""What the file said at an earlier moment, worked out from what it says now and from every change since.

A fact that was never changed is as old as the customer's entry; one that was is as old as the last change before
the moment. Where the chain of changes does not join up, that is said and not papered over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of one attribute; None is what was not known."""

    attribute: str
    before: Any
    after: Any
    at: datetime
    source: str
    reference: UUID | None
    actor: str


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of one attribute at the moment, and since when, from where and through whom.

    ``origin`` is None where the value came with the customer's entry. ``changed_at`` is when it became another one
    afterwards. ``is_doubtful``: the next that is on record began from another value, so in between something
    changed of which there is no record.
    """

    value: Any
    origin: Turn | None
    changed_at: datetime | None
    is_doubtful: bool


def known_at(
    moment: datetime, *, current: Mapping[str, Any], turns: Iterable[Turn], entered_at: datetime
) -> dict[str, Known] | None:
    """What the file said just before ``moment``, by attribute; None if the customer was not in it yet.

    ``turns`` in the order in which they were written, ``current`` as `customers.selectors.facts_of` gives it.
    Attributes of which nothing was known are left out, except where that is doubtful.
    """
    if entered_at >= moment:
        return None
    by_attribute: dict[str, list[Turn]] = {}
    for turn in turns:
        by_attribute.setdefault(turn.attribute, []).append(turn)
    found = {
        key: _known(moment, current.get(key), by_attribute.get(key, ())) for key in current.keys() | by_attribute.keys()
    }
    return {key: known for key, known in found.items() if known.value is not None or known.is_doubtful}


def _known(moment: datetime, current: Any, turns: Sequence[Turn]) -> Known:
    place = max((number for number, turn in enumerate(turns, 1) if turn.at < moment), default=0)
    origin = turns[place - 1] if place else None
    following = turns[place] if place < len(turns) else None
    became = following.before if following else current
    value = origin.after if origin else became
    return Known(value, origin, following.at if following else None, is_doubtful=value != became)
