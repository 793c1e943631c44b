"""When a duty to keep ends: whole days in Japan, counted as the Civil Code counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")
_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What a period is counted in."""

    YEARS = "YEARS"
    MONTHS = "MONTHS"
    DAYS = "DAYS"


_FEWEST_DAYS = {Unit.YEARS: 365, Unit.MONTHS: 28, Unit.DAYS: 1}


@dataclass(frozen=True, slots=True)
class Period:
    """So many years, months or days after the day of the trigger."""

    length: int
    unit: Unit


def free_from(trigger: date, period: Period) -> date:
    """The first day on which a record may be destroyed.

    The day of the trigger does not count (Civil Code art. 140). Years and months end on the eve of the corresponding
    day, or with the month where there is none, as for 29 February (art. 143).
    """
    begins = trigger + _DAY
    if period.unit == Unit.DAYS:
        return begins + timedelta(days=period.length)
    months = period.length * (12 if period.unit == Unit.YEARS else 1) + begins.month - 1
    year, month = begins.year + months // 12, months % 12 + 1
    try:
        return date(year, month, begins.day)
    except ValueError:
        return date(year, month + 1, 1)


def latest_trigger(today: date, period: Period) -> date:
    """The last day of a trigger whose period is over on `today`."""
    trigger = today - timedelta(days=period.length * _FEWEST_DAYS[period.unit])
    while free_from(trigger, period) > today:
        trigger -= _DAY
    return trigger


def day_in_japan(moment: datetime) -> date:
    """The civil day of an aware moment."""
    return moment.astimezone(JAPAN).date()


def end_of_day(day: date) -> datetime:
    """The first moment in Japan that is no longer that day."""
    return datetime.combine(day + _DAY, time(), JAPAN)
