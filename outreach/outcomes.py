"""What follows from what came of a call or a visit: pure rules, no clock and no database."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from customers.contacts.health import Health, Reason

TELEPHONE, VISIT = "TELEPHONE", "VISIT"

# What may be entered for each kind. That answers were taken is entered by taking them.
OFFERED: Mapping[str, tuple[str, ...]] = {
    TELEPHONE: ("CALL_BACK", "PROMISED", "REFUSED", "NO_ANSWER", "ENGAGED", "WRONG_NUMBER", "MOVED", "DECEASED"),
    VISIT: ("PROMISED", "REFUSED", "CALL_BACK", "ABSENT", "NOT_AT_ADDRESS", "MOVED", "DECEASED"),
}
# A reviewer's question has an answer, but nothing for the customer to promise.
OF_A_QUESTION = "CLARIFIED"
# Nobody was reached: tried again, but not for ever.
IN_VAIN = frozenset({"NO_ANSWER", "ENGAGED", "ABSENT"})
MOST_IN_VAIN: Mapping[str, int] = {TELEPHONE: 5, VISIT: 3}
REACHED = frozenset({"ANSWERED", "CLARIFIED", "PROMISED", "REFUSED"})
# Somebody was there and wants to be contacted at another time.
SPOKEN_TO = REACHED | {"CALL_BACK"}

# The contact point that is known to be wrong from now on, and why.
WRONG_POINT: Mapping[str, tuple[str, Health, Reason]] = {
    "WRONG_NUMBER": ("PHONE", Health.BOUNCED, Reason.WRONG_NUMBER),
    "MOVED": ("POST", Health.RETURNED, Reason.MOVED),
    "NOT_AT_ADDRESS": ("POST", Health.RETURNED, Reason.NOT_AT_ADDRESS),
}
# Where somebody who was spoken to was reached.
REACHED_AT: Mapping[str, tuple[str, Health, Reason]] = {
    TELEPHONE: ("PHONE", Health.VERIFIED, Reason.SPOKEN_TO),
    VISIT: ("POST", Health.VERIFIED, Reason.MET),
}
# After these nobody goes to that door again; after the last nobody calls either.
NOBODY_THERE = frozenset({"MOVED", "NOT_AT_ADDRESS", "DECEASED"})


def offered(kind: str, *, is_question: bool) -> tuple[str, ...]:
    """What may be entered; ``is_question``: a reviewer wants to know something, no answers are taken."""
    if not is_question:
        return OFFERED[kind]
    return (OF_A_QUESTION, *(outcome for outcome in OFFERED[kind] if outcome != "PROMISED"))


class Next(Enum):
    """What becomes of the task."""

    DONE = "done"
    GIVE_UP = "give up"
    AGAIN = "again"
    LATER = "later"


def learnt_of(kind: str, outcome: str) -> tuple[str, Health, Reason] | None:
    """What a call or a visit says of a contact point, as (its channel, health, why); None for nothing."""
    return REACHED_AT[kind] if outcome in SPOKEN_TO else WRONG_POINT.get(outcome)


def next_step(outcome: str, *, kind: str, tries_in_vain: int) -> Next:
    """What follows. ``tries_in_vain``: how often nobody was reached, this time included."""
    if outcome in REACHED:
        return Next.DONE
    if outcome == "CALL_BACK":
        return Next.LATER
    if outcome in IN_VAIN:
        return Next.GIVE_UP if tries_in_vain >= MOST_IN_VAIN[kind] else Next.AGAIN
    return Next.GIVE_UP
