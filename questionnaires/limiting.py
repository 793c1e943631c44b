"""What an answer must keep to by its question's constraints, and which of them it breaks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from questionnaires.schema import Kind, Question

type Broken = tuple[str, Mapping[str, object]]

_FROM_TODAY = re.compile(r"today(?:([+-])([0-9]{1,3})([dmy]))?")


def broken_limit(question: Question, answer: object, today: date) -> Broken | None:
    """The first constraint that an answer breaks, as a code and its params; None for one that was left blank."""
    limits = question.limits
    match answer:
        case str() if question.kind is Kind.DATE:
            return _broken_day(question, date.fromisoformat(answer), today)
        case str() if len(answer) < limits.min_length:
            return "too_short", {"limit": limits.min_length}
        case bool():
            return None
        case int() if question.kind is not Kind.BAND:
            if limits.min is not None and answer < limits.min:
                return "too_small", {"limit": limits.min}
            if limits.max is not None and answer > limits.max:
                return "too_large", {"limit": limits.max}
        case list() if question.kind is Kind.CHECKBOXES:
            if len(answer) < limits.min_chosen:
                return "too_few", {"limit": limits.min_chosen}
            if limits.max_chosen is not None and len(answer) > limits.max_chosen:
                return "too_many", {"limit": limits.max_chosen}
    return None


def _broken_day(question: Question, day: date, today: date) -> Broken | None:
    limits = question.limits
    if limits.earliest and day < (bound := day_of(limits.earliest, today)):
        return "too_early", {"bound": bound}
    if limits.latest and day > (bound := day_of(limits.latest, today)):
        return "too_late", {"bound": bound}
    return None


def day_of(said: str, today: date) -> date:
    """The day that a constraint means: "2026-04-01", or from the day of answering "today", "today-18y", "today+3m".

    A day that the month does not have is its last: a year before 29 February is 28 February.
    """
    match = _FROM_TODAY.fullmatch(said)
    if match is None:
        return date.fromisoformat(said)
    sign, count, unit = match.groups()
    if not count:
        return today
    number = int(count) * (1 if sign == "+" else -1)
    if unit == "d":
        return today + timedelta(days=number)
    months = today.year * 12 + today.month - 1 + number * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, _last_day(year, month + 1)))


def _last_day(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day
