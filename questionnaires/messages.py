"""Puts an error's code into the sentence that tells the customer what to do about it."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from questionnaires.answering import Error
from questionnaires.files.wording import side_in_words
from questionnaires.formatting import era_name, long_date


def sentence(error: Error, label: str) -> str:
    """What is wrong with the control called `label`, and how to put it right."""
    code, params = error
    words = {
        "required": _("Enter “%(label)s”."),
        "choose_found": _("Choose one of those that were found for “%(label)s”."),
        "choose": _("Choose one for “%(label)s”."),
        "more": _("Write a few words beside what you chose for “%(label)s”."),
        "exclusive": _("You chose “none of these” together with another answer. Please choose one or the other."),
        "declare": _("Please read “%(label)s” and tick the box."),
        "attach": _("Choose the picture or file for “%(label)s”, and send it."),
        "attach_side": _("Choose the picture “%(side)s” for “%(label)s”, and send it."),
        "too_many_files": _("There can be at most %(limit)s files for “%(label)s”. Please remove one."),
        "refused": "%(reason)s",
        "kana": _("Enter “%(label)s” in hiragana or katakana."),
        "latin": _("Enter “%(label)s” in Roman letters, as on the passport or residence card."),
        "number": _("Enter “%(label)s” as a whole number, for example 12."),
        "amount": _("Enter “%(label)s” as an amount of yen, for example 1,000,000."),
        "too_short": _("“%(label)s” needs at least %(limit)s characters."),
        "too_small": _("Enter “%(label)s” as %(limit)s or more."),
        "too_large": _("Enter “%(label)s” as %(limit)s or less."),
        "too_few": _("Choose at least %(limit)s for “%(label)s”."),
        "too_many": _("Choose at most %(limit)s for “%(label)s”."),
        "too_early": _("Enter “%(label)s” as %(bound)s or later."),
        "too_late": _("Enter “%(label)s” as %(bound)s or earlier."),
        "nothing_changed": _("Fill in what has changed, or press “Nothing has changed” above."),
        "digits": _("Enter “%(label)s” as %(count)s digits."),
        "postal_code": _("Enter the postal code as 7 digits, for example 168-0064."),
        "no_such_postal_code": _("We do not find this postal code. Check the 7 digits, or enter the address yourself."),
        "phone": _("Enter the phone number with its area code, for example 090-1234-5678."),
        "email": _("Enter the e-mail address in full, for example name@example.com."),
        "date": _("Enter “%(label)s” as year, month and day, for example 2028-04-01."),
        "missing_part": _("Enter the %(part)s of “%(label)s”."),
        "era": _("Choose how the year is counted."),
        "year": _("Enter the year as a number."),
        "month": _("Enter the month as a number from 1 to 12."),
        "day": _("There is no such day in that month. Please check the day."),
        "era_bounds": _("%(era)s runs from %(first)s to %(last)s. Please check the year."),
        "too_long": _("“%(label)s” can be up to %(limit)s characters long."),
        "control_character": _("“%(label)s” contains a character that can't be used. Please type it again."),
        "private_character": _(
            "“%(label)s” contains a character that only your device can show. Please use a common form of it."
        ),
        "share": _("Enter the share as a number over 0 and up to 100, for example 33.4."),
        "share_sum": _("The shares add up to more than the whole. Please check them."),
    }
    return words[code] % {"label": label, **_spoken(params)}


def _spoken(params: Mapping[str, object]) -> dict[str, object]:
    spoken = dict(params)
    if "part" in spoken:
        spoken["part"] = {"year": _("year"), "month": _("month"), "day": _("day")}[str(spoken["part"])]
    if "side" in spoken:
        spoken["side"] = side_in_words(str(spoken["side"]))
    if "bound" in spoken:
        spoken["bound"] = long_date(spoken["bound"])
    if "era" in spoken:
        spoken["era"] = era_name(str(spoken["era"]))
        spoken["first"] = long_date(spoken["first"])
        spoken["last"] = long_date(spoken["last"])
    return spoken
