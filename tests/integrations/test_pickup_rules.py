"""The rules of pick-ups: names, wholeness, hours, limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.pickups.folders import steps_of
from integrations.pickups.rules import (
    JAPAN,
    LAST,
    SETTLING,
    Entry,
    Expected,
    excess,
    is_plain_name,
    is_wanted,
    is_whole,
    last_due,
    next_look,
    next_try,
    read_times,
)

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # Tuesday in Tokyo
BOOK = Entry("CIF_1.csv", 100, NOON)


@pytest.mark.parametrize(
    ("name", "is_good"),
    [
        ("CIF_20261124.csv", True),
        ("CIF_顧客.csv", True),
        ("CIF_1.csv.tmp", False),
        ("CIF_1.csv.PART", False),
        ("CIF_1.csv~", False),
        ("CIF_1.csv.done", False),
        ("cif_1.csv", False),
        ("other.csv", False),
        (".CIF_1.csv", False),
        ("../CIF_1.csv", False),
        ("CIF_\x00.csv", False),
        ("CIF_\u202e.csv", False),
        ("CIF_" + "1" * 200 + ".csv", False),
    ],
)
def test_only_finished_files_of_the_pattern_are_wanted(name: str, is_good: bool) -> None:
    assert is_wanted(name, "CIF_*.csv*", ".done") is is_good


@given(st.text())
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    if is_plain_name(name):
        assert "/" not in name
        assert name not in (".", "..")
    steps = steps_of(name)
    assert steps is None or ".." not in steps


@pytest.mark.parametrize("folder", ["/etc", "a/../b", "..", "a/.ssh", "a\\b", "a/\x00"])
def test_a_folder_outside_is_none(folder: str) -> None:
    assert steps_of(folder) is None
    assert steps_of("cif/monthly/") == ["cif", "monthly"]


def test_a_file_is_whole_when_it_stays_as_it_is_or_its_marker_lies_beside_it() -> None:
    soon = NOON + SETTLING - timedelta(seconds=1)
    told: set[str] = {"CIF_1.csv", "CIF_1.csv.done"}
    assert not is_whole(BOOK, seen_at=NOON, marker="", names=told, now=soon)
    assert is_whole(BOOK, seen_at=NOON, marker="", names=told, now=NOON + SETTLING)
    assert is_whole(BOOK, seen_at=NOON, marker=".done", names=told, now=NOON)
    assert not is_whole(BOOK, seen_at=NOON, marker=".ok", names=told, now=NOON + timedelta(days=1))


def test_hours_are_japans() -> None:
    assert next_look(NOON, every_minutes=15, times=[]) == NOON + timedelta(minutes=15)
    evening = datetime(2026, 11, 24, 18, 30, tzinfo=JAPAN)
    assert next_look(NOON, every_minutes=None, times=["06:00", "18:30"]) == evening
    morning = datetime(2026, 11, 25, 6, 0, tzinfo=JAPAN)
    assert next_look(evening, every_minutes=None, times=["06:00", "18:30"]) == morning


@pytest.mark.parametrize(
    ("text", "times"),
    [("6:00、18:30", ["06:00", "18:30"]), (" 18:30 06:00 6:00", ["06:00", "18:30"]), ("24:00", None), ("", None)],
)
def test_times_are_read_as_people_write_them(text: str, times: list[str] | None) -> None:
    assert read_times(text) == times


def test_a_place_that_fails_is_tried_less_and_less_often_and_never_given_up() -> None:
    waits = [next_try(failures, NOON) - NOON for failures in (1, 2, 3, 4, 5, 1_000)]
    assert waits == [timedelta(minutes=minutes) for minutes in (2, 4, 8, 16, 30, 30)]


def test_the_hour_by_which_a_file_should_have_come_leaves_out_weekends_and_holidays() -> None:
    seven = time(7)
    assert last_due(NOON, Expected(seven)) == datetime(2026, 11, 24, 7, 0, tzinfo=JAPAN)
    # 23 November is Labour Thanksgiving Day, 21 and 22 are a weekend.
    before = datetime(2026, 11, 24, 6, 59, tzinfo=JAPAN)
    friday = datetime(2026, 11, 20, 7, 0, tzinfo=JAPAN)
    holiday = [date(2026, 11, 23)]
    assert last_due(before, Expected(seven, banking_days_only=True), holidays=holiday) == friday
    assert last_due(before, Expected(seven)) == datetime(2026, 11, 23, 7, 0, tzinfo=JAPAN)


@pytest.mark.parametrize(
    ("expected", "days"),
    [
        # The 23rd is a holiday: what is expected on Mondays comes on Tuesday the 24th.
        (Expected(time(7), weekdays=frozenset({0})), [2, 9, 16, 24, 30]),
        (Expected(time(7), weekdays=frozenset({0, 1})), [2, 4, 9, 10, 16, 17, 24, 30]),
        # Saturdays' comes on Monday, or after it.
        (Expected(time(7), weekdays=frozenset({5})), [2, 9, 16, 24, 30]),
        # The 3rd is Culture Day.
        (Expected(time(7), nth=1), [2]),
        (Expected(time(7), nth=5), [9]),
        (Expected(time(7), nth=LAST), [30]),
    ],
    ids=["mondays", "mondays and tuesdays", "saturdays", "first", "fifth", "last"],
)
def test_days_of_the_week_and_of_the_month_follow_the_institutions_calendar(
    expected: Expected, days: list[int]
) -> None:
    """November 2026, with Culture Day on the 3rd and Labour Thanksgiving Day on the 23rd."""
    holidays = [date(2026, 11, 3), date(2026, 11, 23)]
    evenings = [datetime(2026, 11, day, 20, 0, tzinfo=JAPAN) for day in range(1, 31)]
    found = {last_due(evening, expected, holidays=holidays) for evening in evenings}
    assert sorted(due.day for due in found if due and due.month == 11) == days
    assert all(due.hour == 7 for due in found if due)


def test_a_month_without_so_many_banking_days_expects_nothing_in_it() -> None:
    closed = [date(2026, 11, day) for day in range(1, 31)]
    due = last_due(datetime(2026, 11, 30, 20, 0, tzinfo=JAPAN), Expected(time(7), nth=5), holidays=closed)
    assert due == datetime(2026, 10, 7, 7, 0, tzinfo=JAPAN)
    never = [date(2025, 10, 1) + timedelta(days=day) for day in range(500)]
    assert last_due(NOON, Expected(time(7), nth=5), holidays=never) is None


def test_of_several_rows_of_a_customer_one_is_counted_as_changed() -> None:
    """900 customers with a second account each, 90 of them changed: a tenth."""
    many = {"total": 1_800, "rejected": 0, "max_changed": 10, "max_rejected": 1}
    assert excess(changed=90, joined=900, **many) == ""
    assert excess(changed=91, joined=900, **many) == "too_many_changed"
    assert excess(changed=91, **many) == "", "without that it would be a twentieth"


@pytest.mark.parametrize(
    ("total", "changed", "rejected", "why"),
    [
        (1_000, 100, 10, ""),
        (1_000, 101, 10, "too_many_changed"),
        (1_000, 100, 11, "too_many_rejected"),
        (0, 0, 0, "no_rows"),
        (3, 1, 0, "too_many_changed"),
    ],
)
def test_a_limit_holds_to_the_row(total: int, changed: int, rejected: int, why: str) -> None:
    assert excess(total=total, changed=changed, rejected=rejected, max_changed=10, max_rejected=1) == why
