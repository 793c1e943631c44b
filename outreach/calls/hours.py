"""On which days and in which part of the day a customer may ask to be called: pure, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.spreading import next_working_day

JAPAN = ZoneInfo("Asia/Tokyo")
DAYS = 5
# A call that is asked for is not made within the hour.
AHEAD = timedelta(hours=1)
_STARTS: Mapping[str, time] = {"MORNING": time(0), "AFTERNOON": time(12), "LATE": time(15)}
_ENDS: Mapping[str, time] = {"MORNING": time(12), "AFTERNOON": time(15), "LATE": time.max}


@dataclass(frozen=True, slots=True)
class Desk:
    """When the institution's telephone is attended, on its working days, and which days those are."""

    opens: time
    closes: time
    is_working: Callable[[date], bool]


def parts(desk: Desk) -> list[str]:
    """The parts of the day in which there is anybody."""
    return [part for part in _STARTS if begins(part, desk) < ends(part, desk)]


def begins(part: str, desk: Desk) -> time:
    """When this part of a working day begins."""
    return max(_STARTS[part], desk.opens)


def ends(part: str, desk: Desk) -> time:
    """When it ends."""
    return min(_ENDS[part], desk.closes)


def days(desk: Desk, *, now: datetime) -> Sequence[date]:
    """The next working days, today among them while somebody can still call."""
    local = now.astimezone(JAPAN)
    today = local.date()
    found = []
    if desk.is_working(today) and any(is_possible(today, part, desk, now=now) for part in parts(desk)):
        found.append(today)
    day = today
    while len(found) < DAYS:
        day = next_working_day(day, desk.is_working)
        found.append(day)
    return found


def is_possible(day: date, part: str, desk: Desk, *, now: datetime) -> bool:
    """Whether this part of the day is still far enough away."""
    return datetime.combine(day, ends(part, desk), JAPAN) - AHEAD >= now


def moment(day: date, part: str, desk: Desk, *, now: datetime) -> datetime:
    """From when on the customer waits for the call."""
    return max(datetime.combine(day, begins(part, desk), JAPAN), now)
