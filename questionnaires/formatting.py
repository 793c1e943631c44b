"""Dates, numbers and names of eras as a customer reads them."""

from collections.abc import Sequence
from datetime import date
from itertools import zip_longest

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


def yen(amount: int) -> str:
    """1億2,000万円 or 120,000,000 yen: Japanese counts in ten thousands, and so reads no row of zeros."""
    if not _is_japanese() or amount % 10_000:
        return _("%(amount)s yen") % {"amount": f"{amount:,}"}
    oku, man = divmod(amount // 10_000, 10_000)
    words = (f"{oku:,}億" if oku else "") + (f"{man:,}万" if man else "")
    return f"{words or '0'}円"


def band_words(bounds: Sequence[int]) -> dict[int, str]:
    """Bands of amounts in words, by their lower bounds in yen, which ascend; the last has no upper one."""
    words = {}
    for lower, upper in zip_longest(bounds, bounds[1:]):
        if upper is None:
            words[lower] = _("%(lower)s or more") % {"lower": yen(lower)}
        elif lower == 0:
            words[lower] = _("less than %(upper)s") % {"upper": yen(upper)}
        else:
            words[lower] = _("%(lower)s to less than %(upper)s") % {"lower": yen(lower), "upper": yen(upper)}
    return words


def receipt_number(digits: str) -> str:
    """Eleven digits in groups that are easy to read out."""
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def _is_japanese() -> bool:
    return (get_language() or "").startswith("ja")
