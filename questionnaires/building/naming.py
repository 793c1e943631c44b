"""What the parts of a document are called on the pages where it is built."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from questionnaires.building.using import Place, Reading
from questionnaires.schema import InvalidQuestionnaire, Kind

type Words = Promise | str

LANGUAGES: Mapping[str, str] = {
    "ja": "日本語",
    "ja-easy": "やさしい日本語",
    "en": "English",
    "zh-hans": "简体中文",
    "vi": "Tiếng Việt",
    "pt": "Português",
    "pt-br": "Português",
    "ne": "नेपाली",
}
KINDS: Mapping[str, Words] = {
    Kind.TEXT: _("One line of text"),
    Kind.PARAGRAPH: _("Several lines of text"),
    Kind.NAME: _("Name of a person or company"),
    Kind.NUMBER: _("Number"),
    Kind.AMOUNT: _("Amount of yen"),
    Kind.DATE: _("Day, in either calendar"),
    Kind.TEL: _("Telephone number"),
    Kind.EMAIL: _("E-mail address"),
    Kind.ADDRESS: _("Address with postal code"),
    Kind.RADIO: _("One of several choices"),
    Kind.CHECKBOXES: _("Any of several choices"),
    Kind.YES_NO: _("Yes or no"),
    Kind.BAND: _("Between amounts of yen"),
    Kind.COUNTRY: _("Country or region"),
    Kind.PEOPLE: _("Persons, such as owners or officers"),
    Kind.DECLARATION: _("Declaration to be ticked"),
    Kind.FILE: _("Photos or documents"),
    Kind.EKYC: _("Identity check online"),
    Kind.INFORMATION: _("Words to be read; nothing is asked"),
}
PARTS: Mapping[str, Words] = {
    "title": _("Title"),
    "why": _("Why it is asked"),
    "label": _("Question"),
    "hint": _("Help beneath the question"),
    "message": _("Sentence if it does not hold"),
    "languages": _("Languages"),
    "default_language": _("Language that is always complete"),
    "id": _("Id"),
    "kind": _("Kind"),
    "required": _("Must be answered"),
    "maps_to": _("Kept in the customer file as"),
    "autocomplete": _("What browsers may fill in"),
    "choices": _("List of choices"),
    "bands": _("Lower bounds in yen"),
    "parts": _("Parts of the name"),
    "person_fields": _("Asked of each person"),
    "constraints": _("Limits of the answer"),
    "sensitivity": _("Covered on the pages of staff"),
    "accepts": _("In what form files may come"),
    "sides": _("Sides that are wanted"),
    "methods": _("Ways to verify identity"),
    "keep_months": _("Months the answer is kept"),
    "keep_until": _("Kept until the review is closed"),
    "block": _("What is on file is shown first"),
    "show_if": _("When the page is asked"),
    "checks": _("Checks between answers"),
    "questions": _("Questions"),
    "pages": _("Pages"),
    "at": _("Where it stops the customer"),
    "holds": _("Condition"),
    "sum": _("Sum of"),
    "count": _("How many of"),
    "exclusive": _("With this choice, no other"),
    "more": _("Asks for words beside it"),
    "order": _("Order"),
    "group": pgettext_lazy("of choices", "Group"),
    "lists": _("Taken from the list"),
    "min_length": _("At least so many characters"),
    "max_length": _("At most so many characters"),
    "min": _("At least"),
    "max": _("At most"),
    "earliest": _("Not before"),
    "latest": _("Not after"),
    "min_chosen": _("At least so many chosen"),
    "max_chosen": _("At most so many chosen"),
    "max_people": _("At most so many persons"),
    "max_files": _("At most so many files"),
}
_OF_SECRETS = "'%(key)s' speaks of a secret that no bank asks for (%(found)s)"


def part_name(part: str) -> str:
    """A part of a document in words; its own name for one that has none."""
    return str(PARTS.get(part, part))


def language_name(code: str) -> str:
    """A language in itself."""
    return LANGUAGES.get(code, code)


def sentence_of(error: InvalidQuestionnaire) -> str:
    """What is wrong, in the language of the page."""
    if not error.reason:
        return str(error)
    if error.reason == _OF_SECRETS:
        said = gettext(
            "“%(found)s”: no bank asks for this on a page. Questions about PINs, passwords, one-time codes, card"
            " numbers and My Number are refused, because customers could not tell them from a fraud."
        )
        return said % error.params
    named = {key: part_name(str(value)) if key in ("key", "part") else value for key, value in error.params.items()}
    return gettext(error.reason) % named


def place_word(place: Place) -> str:
    """What reads an answer, in words."""
    said = {
        Reading.CONDITION: gettext("When the page “%(name)s” is asked"),
        Reading.CHECK: gettext("A check on the page “%(name)s”"),
        Reading.STOP: gettext("A check on the page “%(name)s”, which stops there"),
        Reading.CALCULATED: gettext("The calculated value “%(name)s”"),
    }[place.reading]
    return said % {"name": place.name}
