"""When a place is looked at, which of its files count, when one is whole, and what may be taken in without a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")
# How long a file without a marker must stay as it is, and how soon the second look follows the first.
SETTLING = timedelta(minutes=1)
# After a failure, doubled each time up to the last.
RETRIES = (timedelta(minutes=2), timedelta(minutes=30))
# What programs call a file while they still write it.
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".writing", ".swp", "~")
_LONGEST_NAME = 200
_WEEKEND = 5
# So far back an hour is looked for by which a file should have come.
_LONGEST_BACK = 400
LAST = 0
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file in the place: size in bytes, last change."""

    name: str
    size: int
    modified_at: datetime


def is_plain_name(name: str) -> bool:
    """Whether a name is one of a file in the folder itself, whoever gave it; and fit to be shown."""
    return (
        0 < len(name) <= _LONGEST_NAME
        and not name.startswith(".")
        and "/" not in name
        and "\\" not in name
        and name.isprintable()
    )


def is_wanted(name: str, pattern: str, marker: str) -> bool:
    """Whether a file is one to fetch: by the pattern (* and ?), not a marker, not still being written."""
    if not is_plain_name(name) or name.lower().endswith(_UNFINISHED):
        return False
    return not (marker and name.endswith(marker)) and fnmatchcase(name, pattern)


def is_whole(entry: Entry, *, seen_at: datetime, marker: str, names: Collection[str], now: datetime) -> bool:
    """Whether a file is complete: its marker lies beside it, or it has been as it is for SETTLING."""
    if marker:
        return entry.name + marker in names
    return now - seen_at >= SETTLING


def read_times(text: str) -> list[str] | None:
    """ "6:00, 18:30" as ["06:00", "18:30"], in order and each once; None if it says something else."""
    words = [word for word in re.split(r"[\s,、;]+", text.strip()) if word]
    padded = [word.rjust(5, "0") for word in words]
    if not padded or not all(_CLOCK.fullmatch(word) for word in padded):
        return None
    return sorted(set(padded))


def next_look(after: datetime, *, every_minutes: int | None, times: Sequence[str]) -> datetime:
    """The first moment after ``after`` at which the place is to be looked at."""
    if every_minutes:
        return after + timedelta(minutes=every_minutes)
    here = after.astimezone(JAPAN)
    moments = (
        datetime.combine(here.date() + timedelta(days=day), time.fromisoformat(clock), JAPAN)
        for day in (0, 1)
        for clock in times
    )
    return min(moment for moment in moments if moment > after)


def next_try(failures: int, now: datetime) -> datetime:
    """When a place that failed so many times in a row is tried again."""
    first, last = RETRIES
    doubled: timedelta = first * 2 ** min(failures - 1, 10)
    return now + min(doubled, last)


@dataclass(frozen=True, slots=True)
class Expected:
    """On which days a file should come, by what hour of Japan's clock.

    `weekdays`: 0 is Monday; of a day on which banks are closed the next banking day takes the place. `nth`: which
    banking day of the month, LAST being the last. With neither it is every day, or every banking day.
    """

    by: time
    banking_days_only: bool = False
    weekdays: frozenset[int] = frozenset()
    nth: int | None = None

    def is_on(self, day: date, is_banking_day: Callable[[date], bool]) -> bool:
        """Whether one should come on this day."""
        if self.nth is not None:
            return is_banking_day(day) and self._is_nth(day, is_banking_day)
        if self.weekdays:
            return is_banking_day(day) and self._is_for_weekday(day, is_banking_day)
        return not self.banking_days_only or is_banking_day(day)

    def _is_nth(self, day: date, is_banking_day: Callable[[date], bool]) -> bool:
        if self.nth == LAST:
            following = (day + timedelta(days=ahead) for ahead in range(1, 32))
            return not any(other.month == day.month and is_banking_day(other) for other in following)
        return sum(is_banking_day(day.replace(day=one)) for one in range(1, day.day + 1)) == self.nth

    def _is_for_weekday(self, day: date, is_banking_day: Callable[[date], bool]) -> bool:
        stood_for = day
        while stood_for.weekday() not in self.weekdays:
            stood_for -= timedelta(days=1)
            if is_banking_day(stood_for):
                return False
        return True


def last_due(now: datetime, expected: Expected, *, holidays: Iterable[date] = ()) -> datetime | None:
    """The last hour at or before ``now`` by which a file should have come; None if there was none in a year."""
    free = set(holidays)

    def is_banking_day(day: date) -> bool:
        return day.weekday() < _WEEKEND and day not in free

    today = now.astimezone(JAPAN).date()
    for back in range(_LONGEST_BACK):
        day = today - timedelta(days=back)
        moment = datetime.combine(day, expected.by, JAPAN)
        if moment <= now and expected.is_on(day, is_banking_day):
            return moment
    return None


def excess(*, total: int, changed: int, rejected: int, max_changed: int, max_rejected: int, joined: int = 0) -> str:
    """Why a tried file may not be taken in without a person: a code; "" if it may. Limits in percent of the rows.

    ``joined``: how many rows are further accounts of the customer above; of changed customers they are not counted.
    """
    if not total:
        return "no_rows"
    if rejected * 100 > max_rejected * total:
        return "too_many_rejected"
    if changed * 100 > max_changed * (total - joined):
        return "too_many_changed"
    return ""
