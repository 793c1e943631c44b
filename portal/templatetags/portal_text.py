"""Dates and eras in the words of the page's language."""

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from questionnaires import formatting

register = template.Library()


@register.filter
def weekday_date(value: date | datetime) -> str:
    """A day with its weekday, in Japan's time zone."""
    return formatting.date_with_weekday(timezone.localdate(value) if isinstance(value, datetime) else value)


@register.filter
def moment(value: datetime) -> str:
    """A day and the minute, in Japan's time zone."""
    is_japanese = (get_language() or "").startswith("ja")
    return date_format(timezone.localtime(value), "Y年n月j日 H時i分" if is_japanese else "j F Y, H:i")


@register.filter
def clock(value: datetime) -> str:
    """The time of day, in Japan's time zone."""
    is_japanese = (get_language() or "").startswith("ja")
    return date_format(timezone.localtime(value), "H時i分" if is_japanese else "H:i")


@register.filter
def era_name(value: str) -> str:
    """The name of a way to count years."""
    return formatting.era_name(value)
