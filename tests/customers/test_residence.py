"""The end of a stay: the period itself, and two months more for whoever applied in time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.residence import Stay, stay_ends_on, stay_on, two_months_from

EXPIRES = date(2026, 11, 30)
DAYS = st.dates(date(2000, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("expires_on", "ends_on"),
    [
        (date(2026, 11, 15), date(2027, 1, 15)),
        # From the first of a month on, two whole months.
        (date(2026, 6, 30), date(2026, 8, 31)),
        (date(2026, 2, 28), date(2026, 4, 30)),
        (date(2026, 12, 31), date(2027, 2, 28)),
        # No such day in the last month: its last day.
        (date(2026, 12, 29), date(2027, 2, 28)),
        (date(2026, 12, 30), date(2027, 2, 28)),
        (date(2027, 12, 29), date(2028, 2, 29)),
        (date(2027, 12, 28), date(2028, 2, 28)),
        (date(2026, 10, 31), date(2026, 12, 31)),
    ],
)
def test_two_months_are_counted_as_the_civil_code_counts(expires_on: date, ends_on: date) -> None:
    assert two_months_from(expires_on) == ends_on


@given(DAYS)
def test_two_months_are_never_less_than_59_days_nor_more_than_62(day: date) -> None:
    assert 59 <= (two_months_from(day) - day).days <= 62


@given(DAYS, DAYS)
def test_a_later_end_never_ends_the_stay_earlier(one: date, other: date) -> None:
    assert two_months_from(min(one, other)) <= two_months_from(max(one, other))


@pytest.mark.parametrize("applied_on", [EXPIRES, EXPIRES - timedelta(days=90)])
def test_an_application_in_time_lengthens_the_stay(applied_on: date) -> None:
    assert stay_ends_on(EXPIRES, applied_on) == date(2027, 1, 31)


@pytest.mark.parametrize("applied_on", [None, EXPIRES + timedelta(days=1)])
def test_none_or_one_that_came_too_late_does_not(applied_on: date | None) -> None:
    assert stay_ends_on(EXPIRES, applied_on) == EXPIRES


def test_without_a_period_nothing_ends() -> None:
    assert stay_ends_on(None, EXPIRES) is None
    assert stay_on(EXPIRES, None, EXPIRES) is None


@pytest.mark.parametrize(
    ("day", "applied_on", "stay"),
    [
        (EXPIRES, None, Stay.VALID),
        (EXPIRES + timedelta(days=1), None, Stay.ENDED),
        (EXPIRES, EXPIRES, Stay.VALID),
        (EXPIRES + timedelta(days=1), EXPIRES, Stay.EXTENDED),
        (date(2027, 1, 31), EXPIRES, Stay.EXTENDED),
        (date(2027, 2, 1), EXPIRES, Stay.ENDED),
    ],
)
def test_the_stay_on_a_day(day: date, applied_on: date | None, stay: Stay) -> None:
    assert stay_on(day, EXPIRES, applied_on) == stay
