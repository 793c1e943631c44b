"""When a duty to keep ends: leap days, months' ends, and midnight in Japan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.expiring import Period, Unit, day_in_japan, end_of_day, free_from, latest_trigger

SEVEN = Period(7, Unit.YEARS)


@pytest.mark.parametrize(
    ("trigger", "free"),
    [
        (date(2019, 3, 31), date(2026, 4, 1)),
        (date(2019, 12, 31), date(2027, 1, 1)),
        (date(2020, 2, 28), date(2027, 3, 1)),  # counting begins on 29 February, which 2027 has not
        (date(2020, 2, 29), date(2027, 3, 1)),
        (date(2021, 2, 28), date(2028, 3, 1)),  # not 29 February 2028: counting began on 1 March
        (date(2017, 2, 27), date(2024, 2, 28)),
    ],
)
def test_seven_years_are_counted_as_the_civil_code_does(trigger: date, free: date) -> None:
    """P5: 29 February."""
    assert free_from(trigger, SEVEN) == free


def test_days_are_counted_from_the_day_after() -> None:
    assert free_from(date(2026, 11, 1), Period(90, Unit.DAYS)) == date(2027, 1, 31)


days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
periods = st.builds(Period, st.integers(1, 60), st.sampled_from(Unit))


@given(days, periods)
def test_the_latest_trigger_is_free_and_the_next_day_is_not(today: date, period: Period) -> None:
    """P5: never early, and nothing left over."""
    latest = latest_trigger(today, period)
    assert free_from(latest, period) <= today < free_from(latest + timedelta(days=1), period)


@given(days, st.integers(1, 60))
def test_years_are_never_shorter_than_they_sound(trigger: date, years: int) -> None:
    free = free_from(trigger, Period(years, Unit.YEARS))
    assert (free - trigger).days > years * 365
    assert (free.year - (trigger + timedelta(days=1)).year) == years


def test_a_day_is_a_day_in_japan() -> None:
    """P5: 15:00 in UTC is midnight there."""
    assert day_in_japan(datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC)) == date(2026, 3, 31)
    assert day_in_japan(datetime(2026, 3, 31, 15, 0, tzinfo=UTC)) == date(2026, 4, 1)
    assert end_of_day(date(2026, 3, 31)) == datetime(2026, 3, 31, 15, 0, tzinfo=UTC)
