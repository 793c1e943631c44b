"""Dates, numbers and names of eras as a customer reads them."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import zip_longest

from babel import dates, numbers
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from questionnaires.marking import with_readings
from questionnaires.reading import era_of

# Of languages that write dates and numbers in ways of their own: CLDR knows them.
_LOCALES = {"zh-hans": "zh_Hans", "vi": "vi", "pt-br": "pt_BR", "ne": "ne"}
_EASY_WEEKDAYS = ("{月|げつ}", "{火|か}", "{水|すい}", "{木|もく}", "{金|きん}", "{土|ど}", "{日|にち}")
# Where the reading is not the usual one.
_EASY_MONTHS = {4: "{4月|しがつ}", 7: "{7月|しちがつ}", 9: "{9月|くがつ}"}
_EASY_DAYS = {
    1: "{1日|ついたち}",
    2: "{2日|ふつか}",
    3: "{3日|みっか}",
    4: "{4日|よっか}",
    5: "{5日|いつか}",
    6: "{6日|むいか}",
    7: "{7日|なのか}",
    8: "{8日|ようか}",
    9: "{9日|ここのか}",
    10: "{10日|とおか}",
    14: "{14日|じゅうよっか}",
    20: "{20日|はつか}",
    24: "{24日|にじゅうよっか}",
}


def long_date(day: object) -> str:
    """2027年1月15日, 15 January 2027, 15 de janeiro de 2027: always by the Western year."""
    assert isinstance(day, date)
    language = _language()
    if language == "ja-easy":
        return _easy_date(day)
    if locale := _LOCALES.get(language):
        return str(dates.format_date(day, "long", locale))
    return date_format(day, "Y年n月j日" if language == "ja" else "j F Y")


def date_with_weekday(day: date) -> str:
    """2027年1月15日（金）, Friday 15 January 2027 or sexta-feira, 15 de janeiro de 2027."""
    language = _language()
    if language == "ja-easy":
        return f"{_easy_date(day)}（{with_readings(_EASY_WEEKDAYS[day.weekday()])}）"
    if locale := _LOCALES.get(language):
        return str(dates.format_date(day, "full", locale))
    return date_format(day, "Y年n月j日（D）" if language == "ja" else "l j F Y")


def moment(time: datetime) -> str:
    """A day and the minute; the time zone is the caller's."""
    between = {"ja": " ", "ja-easy": " "}.get(_language(), ", ")
    return f"{long_date(time.date())}{between}{clock(time)}"


def clock(time: datetime) -> str:
    """The time of day, in 24 hours as Japanese time-tables have it."""
    return date_format(time, "H時i分" if _language() == "ja" else "H:i")


def number_words(number: float) -> str:
    """12,345 or 12.345, as the language parts its thousands."""
    locale = _LOCALES.get(_language())
    return str(numbers.format_decimal(number, locale=locale)) if locale else f"{number:,}"


def date_in_both_calendars(day: date) -> str:
    """昭和24年（1949年）5月3日 in Japanese: people check a date in the calendar they think in."""
    found = era_of(day)
    if not found or not _is_japanese():
        return long_date(day)
    era, year = found
    if _language() == "ja-easy":
        counted = with_readings("{元年|がんねん}" if year == 1 else f"{year}{{年|ねん}}")
        return f"{_easy_date(day)}（{era_name(era.name)}{counted}）"
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
        return _("%(amount)s yen") % {"amount": number_words(amount)}
    oku, man = divmod(amount // 10_000, 10_000)
    words = (f"{oku:,}億" if oku else "") + (f"{man:,}万" if man else "")
    if _language() == "ja-easy":
        words = with_readings(words.replace("億", "{億|おく}").replace("万", "{万|まん}"))
        return f"{words or '0'}{with_readings('{円|えん}')}"
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


def _language() -> str:
    return get_language() or "ja"


def _is_japanese() -> bool:
    return _language().startswith("ja")


def _easy_date(day: date) -> str:
    written = _EASY_DAYS.get(day.day, f"{day.day}{{日|にち}}")
    month = _EASY_MONTHS.get(day.month, f"{day.month}{{月|がつ}}")
    return with_readings(f"{day.year}{{年|ねん}}{month}{written}")
