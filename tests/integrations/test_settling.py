"""Which value goes back to the core system, whatever came in which order."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from django.db.models import Q

from customers.models import AttributeChange
from integrations.returns.settling import (
    DESTROYED,
    FROM_THE_CORE,
    TAKEN_BACK,
    VERIFIED,
    Outcome,
    Settled,
    Turn,
    settle,
)

IMPORT_ID = uuid4()


def story(*steps: str) -> tuple[list[Turn], set[UUID]]:
    """ "A", "CUSTOMER:B", "IMPORT:C": what the file said first, then who made it say what. All verified are due."""
    said = [(step.split(":") if ":" in step else ["", step]) for step in steps]
    turns = [
        Turn(
            uuid4(),
            before[1] or None,
            after[1] or None,
            after[0],
            IMPORT_ID if after[0] in ("IMPORT", "UNDO") else None,
        )
        for before, after in pairwise(said)
    ]
    return turns, {turn.pk for turn in turns if turn.source in VERIFIED}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (["A", "CUSTOMER:B"], Settled(Outcome.RETURNED, "B")),
        (["A", "STAFF:B"], Settled(Outcome.RETURNED, "B")),
        (["A", "REGISTRY:B"], Settled(Outcome.RETURNED, "B")),
        (["A", "CUSTOMER:B", "STAFF:C"], Settled(Outcome.RETURNED, "C")),
        (["", "CUSTOMER:B"], Settled(Outcome.RETURNED, "B")),
        (["A", "CUSTOMER:"], Settled(Outcome.RETURNED, None)),
        (["A", "CUSTOMER:B", "STAFF:A"], Settled(Outcome.KNOWN)),
        # the bank's file has not heard of it and says the old value again: it is told all the same
        (["A", "CUSTOMER:B", "IMPORT:A"], Settled(Outcome.RETURNED, "B")),
        # the bank's file says it by now
        (["A", "CUSTOMER:B", "IMPORT:A", "IMPORT:B"], Settled(Outcome.KNOWN)),
        # the bank's file says something newer
        (["A", "CUSTOMER:B", "IMPORT:C"], Settled(Outcome.OVERTAKEN)),
        (["A", "CUSTOMER:B", "IMPORT:C", "CUSTOMER:D"], Settled(Outcome.RETURNED, "D")),
        # back to what was there first, but the core has said something else since
        (["A", "CUSTOMER:B", "IMPORT:C", "CUSTOMER:A"], Settled(Outcome.RETURNED, "A")),
        (["A", "MERGE:B"], Settled(Outcome.RETURNED, "B")),
        (["A", "MERGE:B", "UNMERGE:A"], Settled(Outcome.KNOWN)),
        # an import that was taken back has not been
        (["A", "CUSTOMER:B", "IMPORT:C", "UNDO:B"], Settled(Outcome.RETURNED, "B")),
        # its history was destroyed, and then a customer said something
        (["", "RULE:", "CUSTOMER:B"], Settled(Outcome.RETURNED, "B")),
    ],
)
def test_the_last_verified_value_goes_back_unless_the_core_knows_better(steps: list[str], expected: Settled) -> None:
    turns, due = story(*steps)
    assert settle(turns, due=due) == expected


def test_what_an_earlier_file_took_along_is_not_told_again() -> None:
    turns, due = story("A", "CUSTOMER:B", "STAFF:C")
    assert settle(turns[1:], due=due - {turns[0].pk}) == Settled(Outcome.RETURNED, "C")


def test_every_source_of_changes_is_judged_one_way() -> None:
    """A new source has to be decided upon, and the index of what is due has to hold it."""
    kinds = [VERIFIED, FROM_THE_CORE, TAKEN_BACK, DESTROYED]
    judged = [source for kind in kinds for source in kind]
    assert len(judged) == len(set(judged))
    assert set(AttributeChange.Source.values) <= set(judged)
    (index,) = [index for index in AttributeChange._meta.indexes if index.name == "change_verified"]
    assert index.condition == Q(source__in=sorted(VERIFIED))
