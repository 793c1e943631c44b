"""Dates and eras in the words of the page's language."""

from collections.abc import Iterable
from datetime import date, datetime

from django import template
from django.utils import timezone

from questionnaires import formatting
from questionnaires.presenting import Row

register = template.Library()


@register.filter
def weekday_date(value: date | datetime) -> str:
    """A day with its weekday, in Japan's time zone."""
    return formatting.date_with_weekday(timezone.localdate(value) if isinstance(value, datetime) else value)


@register.filter
def moment(value: datetime) -> str:
    """A day and the minute, in Japan's time zone."""
    return formatting.moment(timezone.localtime(value))


@register.filter
def clock(value: datetime) -> str:
    """The time of day, in Japan's time zone."""
    return formatting.clock(timezone.localtime(value))


@register.filter
def hides(rows: Iterable[Row]) -> bool:
    """Whether anything of a record is masked."""
    return any(value.is_hidden for row in rows for value in row.values)


@register.filter
def era_name(value: str) -> str:
    """The name of a way to count years."""
    return formatting.era_name(value)
