"""On which working day each task falls, so that no day holds more than a branch can do: pure, no clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, timedelta

DEFAULT_CAPACITY = {"TELEPHONE": 40, "VISIT": 4}
# What one person makes in a day unless the institution says otherwise.
OF_A_PERSON = {"TELEPHONE": 20, "VISIT": 4}


def is_weekday(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def working_days(holidays: Collection[date]) -> Callable[[date], bool]:
    """Whether a day is Monday to Friday and none of the institution's holidays."""
    return lambda day: is_weekday(day) and day not in holidays


def next_working_day(day: date, is_working: Callable[[date], bool] = is_weekday) -> date:
    """The first working day after ``day``."""
    day += timedelta(days=1)
    while not is_working(day):
        day += timedelta(days=1)
    return day


def next_days(count: int, *, after: date, is_working: Callable[[date], bool] = is_weekday) -> list[date]:
    """The first ``count`` working days after ``after``."""
    days = []
    for _ in range(count):
        after = next_working_day(after, is_working)
        days.append(after)
    return days


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
