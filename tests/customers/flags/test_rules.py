"""Who is left alone and who is reached in which order: the pure rules."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from customers.flags.models import CustomerFlag
from customers.flags.rules import LIFTED_BY_TWO, SILENCING, ladder_for, silenced_by
from customers.flags.wording import WHAT_TO_DO

LADDER = ("LINE", "SMS", "EMAIL", "POST", "TELEPHONE", "VISIT")
EVERY_SET = [set(some) for some in chain.from_iterable(combinations(CustomerFlag.Kind.values, n) for n in range(6))]


@pytest.mark.parametrize("kinds", EVERY_SET, ids=lambda kinds: "+".join(sorted(kinds)))
def test_whoever_has_a_silencing_flag_among_others_has_no_rung(kinds: set[str]) -> None:
    silent = bool(kinds & {"DECEASED", "LITIGATION", "DO_NOT_CONTACT"})
    assert (silenced_by(kinds) is not None) is silent
    assert (ladder_for(LADDER, kinds) == ()) is silent


def test_death_is_the_reason_that_is_named_first() -> None:
    assert silenced_by({"DO_NOT_CONTACT", "LITIGATION", "DECEASED"}) == "DECEASED"


def test_the_vulnerable_are_called_and_written_to_first_and_lose_no_rung() -> None:
    assert ladder_for(LADDER, {"VULNERABLE"}) == ("TELEPHONE", "POST", "LINE", "SMS", "EMAIL", "VISIT")


def test_nobody_is_called_whom_the_approved_ladder_does_not_call() -> None:
    assert ladder_for(LADDER[:4], {"VULNERABLE"}) == ("POST", "LINE", "SMS", "EMAIL")


def test_a_guardian_gets_a_letter_or_a_call_whatever_the_ladder() -> None:
    assert ladder_for(("LINE",), {"GUARDIAN", "VULNERABLE"}) == ("POST", "TELEPHONE")


def test_without_a_flag_the_ladder_is_as_approved() -> None:
    assert ladder_for(LADDER, set()) == LADDER


def test_every_flag_says_what_to_do_and_those_that_silence_are_lifted_by_two() -> None:
    assert set(WHAT_TO_DO) == set(CustomerFlag.Kind)
    assert frozenset(SILENCING) == LIFTED_BY_TWO
