"""Dates, numbers and names of eras as a customer reads them."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from questionnaires.reading import era_of


def long_date(day: object) -> str:
    """2027年1月15日 or 15 January 2027."""
    assert isinstance(day, date)
    return date_format(day, "Y年n月j日" if _is_japanese() else "j F Y")


def date_with_weekday(day: date) -> str:
    """2027年1月15日（金） or Friday 15 January 2027."""
    return date_format(day, "Y年n月j日（D）" if _is_japanese() else "l j F Y")


def date_in_both_calendars(day: date) -> str:
    """昭和24年（1949年）5月3日 in Japanese: people check a date in the calendar they think in."""
    found = era_of(day)
    if not found or not _is_japanese():
        return long_date(day)
    era, year = found
    return f"{era.kanji}{'元' if year == 1 else year}年（{day.year}年）{day.month}月{day.day}日"


def era_name(name: str) -> str:
    """The name of an era in the page's language."""
    names = {
        "western": _("Western year"),
        "reiwa": _("Reiwa"),
        "heisei": _("Heisei"),
        "showa": _("Showa"),
        "taisho": _("Taisho"),
        "meiji": _("Meiji"),
    }
    return names[name]


def receipt_number(digits: str) -> str:
    """Eleven digits in groups that are easy to read out."""
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def _is_japanese() -> bool:
    return (get_language() or "").startswith("ja")
