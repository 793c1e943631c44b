"""The rules without a database: what follows from an outcome, on which day a task falls, who has proved themselves."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.models import OutreachTry
from outreach.outcomes import MOST_IN_VAIN, OF_A_QUESTION, OFFERED, Next, next_step
from outreach.proving import Said, agrees
from outreach.spreading import is_weekday, next_working_day, spread

FACTS = {
    "birth_on": "1960-04-01",
    "account_number": "1234567",
    "phone": "+819012345678",
    "address": "東京都中央区日本橋1丁目2-3",
}
BORN = date(1960, 4, 1)
days = st.dates(date(2026, 1, 1), date(2030, 1, 1))


def test_every_outcome_that_is_offered_is_one_and_leads_somewhere() -> None:
    offered = {outcome for outcomes in OFFERED.values() for outcome in outcomes}
    assert offered | {"ANSWERED", OF_A_QUESTION} == set(OutreachTry.Outcome.values)
    for kind, outcomes in OFFERED.items():
        for outcome in outcomes:
            assert next_step(outcome, kind=kind, tries_in_vain=1) in Next


@pytest.mark.parametrize(
    ("kind", "outcome"), [("TELEPHONE", "NO_ANSWER"), ("TELEPHONE", "ENGAGED"), ("VISIT", "ABSENT")]
)
def test_nobody_is_tried_for_ever(kind: str, outcome: str) -> None:
    most = MOST_IN_VAIN[kind]
    assert next_step(outcome, kind=kind, tries_in_vain=most - 1) is Next.AGAIN
    assert next_step(outcome, kind=kind, tries_in_vain=most) is Next.GIVE_UP


@given(st.integers(0, 60), days, st.integers(1, 9), st.dictionaries(days, st.integers(0, 9), max_size=9))
def test_no_day_holds_more_than_a_branch_can_do(count: int, after: date, capacity: int, taken: dict[date, int]) -> None:
    found = spread(count, after=after, capacity=capacity, taken=taken)
    assert len(found) == count
    assert found == sorted(found), "the earliest first"
    for day, tasks in Counter(found).items():
        assert day > after
        assert is_weekday(day)
        assert tasks + taken.get(day, 0) <= capacity


def test_friday_is_followed_by_monday() -> None:
    assert next_working_day(date(2026, 11, 27)) == date(2026, 11, 30)


@pytest.mark.parametrize(
    "said",
    [
        Said(birth_on=BORN, last_digits="4567"),
        Said(birth_on=BORN, address="東京都中央区日本橋１－２－３"),
        Said(last_digits="４５６７", address="東京都中央区日本橋 1-2-3"),
        Said(birth_on=BORN, last_digits="4567", phone_digits="5678"),
    ],
)
def test_two_facts_that_agree_are_enough(said: Said) -> None:
    assert agrees(said, FACTS)


@pytest.mark.parametrize(
    "said",
    [
        Said(),
        Said(birth_on=BORN),
        Said(birth_on=BORN, last_digits="4568"),
        Said(birth_on=date(1960, 4, 2), last_digits="4567"),
        Said(birth_on=BORN, last_digits="4567", address="大阪市"),
        Said(birth_on=BORN, last_digits="1234567"),
    ],
    ids=["nothing", "one", "digits", "birth", "a third that is wrong", "too many digits"],
)
def test_less_or_anything_wrong_is_not(said: Said) -> None:
    assert not agrees(said, FACTS)


def test_the_end_of_any_open_account_agrees() -> None:
    accounts = [{"number": "1234567"}, {"number": "7770007"}, {"number": "8880008", "closed_on": "2026-01-31"}]
    held = {**FACTS, "accounts": accounts}
    assert agrees(Said(birth_on=BORN, last_digits="0007"), held)
    assert not agrees(Said(birth_on=BORN, last_digits="0008"), held)


def test_what_the_file_does_not_hold_never_agrees() -> None:
    assert not agrees(Said(birth_on=BORN, last_digits="4567"), {"birth_on": "1960-04-01"})
    assert not agrees(Said(birth_on=BORN, last_digits="0"), {"birth_on": "1960-04-01", "account_number": ""})
