"""On which working day each task falls, so that no day holds more than a branch can do: pure, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

DEFAULT_CAPACITY = {"TELEPHONE": 40, "VISIT": 4}


def is_weekday(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def next_working_day(day: date, is_working: Callable[[date], bool] = is_weekday) -> date:
    """The first working day after ``day``."""
    day += timedelta(days=1)
    while not is_working(day):
        day += timedelta(days=1)
    return day


def spread(
    count: int,
    *,
    after: date,
    capacity: int,
    taken: Mapping[date, int],
    is_working: Callable[[date], bool] = is_weekday,
) -> list[date]:
    """A day for each of ``count`` new tasks, the earliest first; ``taken`` is how many each day holds already."""
    days = _free_days(after, capacity, taken, is_working)
    return [next(days) for _ in range(count)]


def _free_days(
    after: date, capacity: int, taken: Mapping[date, int], is_working: Callable[[date], bool]
) -> Iterator[date]:
    day = after
    while True:
        day = next_working_day(day, is_working)
        for _ in range(capacity - taken.get(day, 0)):
            yield day
