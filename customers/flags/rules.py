"""What a flag on a customer means for the work: pure rules, no Django and no clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence

DECEASED, GUARDIAN, LITIGATION = "DECEASED", "GUARDIAN", "LITIGATION"
DO_NOT_CONTACT, VULNERABLE = "DO_NOT_CONTACT", "VULNERABLE"

# Nobody is asked, written to, called or visited. The order is that in which one of several is named as the reason.
SILENCING = (DECEASED, LITIGATION, DO_NOT_CONTACT)
# The links that are out end too: whoever holds them is not, or may not be, the one who is asked. Who only wants no
# messages may still answer what has come.
ENDING_LINKS = frozenset({DECEASED, LITIGATION})
# Lifted by two people: what follows from a mistake is that somebody is contacted who must not be.
LIFTED_BY_TWO = frozenset(SILENCING)
OF_COMPANIES = frozenset({LITIGATION, DO_NOT_CONTACT})
# Whoever meets the customer needs to know; the others are for those who see the customer's page.
FOR_WHOEVER_ACTS = frozenset({GUARDIAN, VULNERABLE})

# To a guardian goes a letter; where there is none to write to, a person finds out who it is.
OF_A_GUARDIAN = ("POST", "TELEPHONE")
_GENTLE = ("TELEPHONE", "POST")


def silenced_by(kinds: Collection[str]) -> str | None:
    """The flag because of which nobody contacts the customer, if there is one."""
    return next((kind for kind in SILENCING if kind in kinds), None)


def ladder_for(ladder: Sequence[str], kinds: Collection[str]) -> tuple[str, ...]:
    """The rungs in the order in which this customer is reached; a vulnerable one first by people and on paper.

    A rung that the segment's ladder does not have is not added for a vulnerable customer.
    """
    if silenced_by(kinds):
        return ()
    if GUARDIAN in kinds:
        return OF_A_GUARDIAN
    if VULNERABLE in kinds:
        gentle = tuple(rung for rung in _GENTLE if rung in ladder)
        return (*gentle, *(rung for rung in ladder if rung not in gentle))
    return tuple(ladder)
