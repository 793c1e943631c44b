"""Quiet hours and days of rest on Japan's clock (S17): the schedule is exact whatever the server's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.hours import JST, Hours, day_of, opens_at
from channels.protocols import Channel

NIGHT = Hours(time(21), time(8))
LUNCH = Hours(time(12), time(13))
RESTING = Hours(time(21), time(8), sms_rests=True, holidays=frozenset({date(2026, 11, 23)}))


def japan(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=JST)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (japan(24, 20, 59), None),
        (japan(24, 21), japan(25, 8)),
        (japan(24, 23, 59), japan(25, 8)),
        (japan(25, 0), japan(25, 8)),
        (japan(25, 7, 59), japan(25, 8)),
        (japan(25, 8), None),
        (datetime(2026, 11, 24, 12, 0, tzinfo=UTC), japan(25, 8)),
        (datetime(2028, 2, 28, 12, 0, tzinfo=UTC), datetime(2028, 2, 29, 8, 0, tzinfo=JST)),  # a leap day
    ],
)
@pytest.mark.parametrize("channel", [Channel.LINE, Channel.SMS, Channel.EMAIL])
def test_nobody_is_woken_at_night(channel: Channel, at: datetime, opens: datetime | None) -> None:
    """S17."""
    assert opens_at(channel, at, NIGHT) == opens


def test_letters_have_no_hours() -> None:
    assert opens_at(Channel.POST, japan(24, 23), RESTING) is None


def test_quiet_hours_within_a_day() -> None:
    assert opens_at(Channel.LINE, japan(24, 12, 30), LUNCH) == japan(24, 13)
    assert opens_at(Channel.LINE, japan(24, 13), LUNCH) is None


def test_short_messages_rest_on_sundays_and_holidays_and_the_night_after_them() -> None:
    """Sunday the 22nd, Labour Thanksgiving Day on the 23rd: the next message leaves on Tuesday at eight."""
    assert opens_at(Channel.SMS, japan(22, 10), RESTING) == japan(24, 8)
    assert opens_at(Channel.SMS, japan(21, 22), RESTING) == japan(24, 8)
    assert opens_at(Channel.LINE, japan(22, 10), RESTING) is None
    assert opens_at(Channel.SMS, japan(22, 10), NIGHT) is None, "the tenant's choice, not a rule"


@given(
    st.integers(0, 6 * 365 * 86_400).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.times(),
    st.times(),
    st.sampled_from(list(Channel)),
    st.booleans(),
)
def test_at_the_moment_it_opens_it_is_open_and_just_before_it_is_not(
    at: datetime, quiet_from: time, quiet_until: time, channel: Channel, rests: bool
) -> None:
    hours = Hours(quiet_from, quiet_until, sms_rests=rests)
    opens = opens_at(channel, at, hours)
    if opens is not None and quiet_from != quiet_until:
        assert opens > at
        assert opens_at(channel, opens, hours) is None
        assert opens_at(channel, opens - timedelta(microseconds=1), hours) == opens


def test_the_day_begins_at_midnight_in_japan() -> None:
    assert day_of(datetime(2026, 11, 23, 15, 0, tzinfo=UTC)) == japan(24, 0)
    assert day_of(datetime(2026, 11, 23, 14, 59, tzinfo=UTC)) == japan(23, 0)
