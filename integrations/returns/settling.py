"""What becomes of one fact's changes when a return file is made: pure.

The core system said what it knew in its own files (imports). A change that a customer, staff or a register brought
since is due to go back, unless the core knows it by now or has said something newer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

# Of customers.models.AttributeChange.Source.
# What merging two customers made of one is the decision of two people, and so is taking it back.
VERIFIED = frozenset({"CUSTOMER", "STAFF", "REGISTRY", "MERGE", "UNMERGE"})
FROM_THE_CORE = frozenset({"IMPORT"})
TAKEN_BACK = frozenset({"UNDO"})
# Our rule of keeping says nothing about what is so, nor about what the core knows.
DESTROYED = frozenset({"RULE"})


class Outcome(StrEnum):
    """What became of a change. Values as in `integrations.models.ReturnedChange`."""

    RETURNED = "RETURNED"
    KNOWN = "KNOWN"
    OVERTAKEN = "OVERTAKEN"
    LEFT_OUT = "LEFT_OUT"


@dataclass(frozen=True, slots=True)
class Turn:
    """One change of the fact."""

    pk: UUID
    before: Any
    after: Any
    source: str
    reference: UUID | None


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome, and with RETURNED the value that goes back; None: there is none any more."""

    outcome: Outcome
    value: Any = None


def settle(turns: Sequence[Turn], *, due: Collection[UUID]) -> Settled:
    """Judge one fact of one customer by its changes, the first of which is the earliest that is ``due``.

    An import that repeats the old value does not overtake: the core has just not been told. Imports that were taken
    back count for nothing, and so does what was destroyed.
    """
    undone = {turn.reference for turn in turns if turn.source in TAKEN_BACK}
    said = [
        turn
        for turn in turns
        if turn.source not in TAKEN_BACK | DESTROYED and not (turn.source in FROM_THE_CORE and turn.reference in undone)
    ]
    old = core = said[0].before
    value, told_later = None, False
    for turn in said:
        if turn.source in FROM_THE_CORE:
            core, told_later = turn.after, True
        elif turn.pk in due:
            value, told_later = turn.after, False
    if value == core:
        return Settled(Outcome.KNOWN)
    if told_later and core != old:
        return Settled(Outcome.OVERTAKEN)
    return Settled(Outcome.RETURNED, value)
