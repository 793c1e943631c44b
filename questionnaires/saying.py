"""Answers in words: the choices a question offers, what was answered, and what the file says, masked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from questionnaires import persons
from questionnaires.countries import country_names
from questionnaires.files.wording import files_in_words
from questionnaires.formatting import band_words, date_in_both_calendars, number_words, yen
from questionnaires.listing import word_on_file
from questionnaires.masking import (
    Masked,
    mask_address,
    mask_email,
    mask_name,
    mask_phone,
    mask_postal_code,
    plain,
)
from questionnaires.schema import Kind, Question, Sensitivity, Text, postal_field

_MASKERS: dict[Kind, Callable[[str], Masked]] = {
    Kind.TEXT: mask_name,
    Kind.PARAGRAPH: mask_name,
    Kind.NAME: mask_name,
    Kind.ADDRESS: mask_address,
    Kind.TEL: mask_phone,
    Kind.EMAIL: mask_email,
}


def yes_no() -> dict[str, str]:
    """The two answers, the harmless one first."""
    return {"no": _("No"), "yes": _("Yes")}


# Puts words of the document into the language that is read.
type Saying = Callable[[Text], str]


def options_of(question: Question, words: Saying) -> dict[str, str]:
    """What a question offers, by value; empty where nothing is chosen."""
    match question.kind:
        case Kind.YES_NO:
            return yes_no()
        case Kind.BAND:
            return {str(bound): said for bound, said in band_words(question.bands).items()}
        case Kind.COUNTRY:
            return dict(country_names(get_language() or "ja"))
        case _:
            return {choice.value: words(choice.label) for choice in question.choices}


def said(question: Question, field: str, value: object, words: Saying) -> list[str]:
    """One answered field in words; several where several were chosen or named."""
    if field != question.id:
        return [str(value)]
    match question.kind:
        case Kind.PEOPLE:
            return [persons.said(person, str(person["name"])) for person in persons.people_in(value)]
        case Kind.CHECKBOXES if isinstance(value, list):
            options = options_of(question, words)
            return [options.get(str(one), str(one)) for one in value]
        case Kind.FILE:
            return files_in_words(value)
        case Kind.DECLARATION:
            return [_("Declared")]
        case Kind.YES_NO:
            return [yes_no()["yes" if value else "no"]]
        case Kind.DATE:
            return [date_in_both_calendars(date.fromisoformat(str(value)))]
        case Kind.AMOUNT if isinstance(value, int):
            return [yen(value)]
        case Kind.NUMBER if isinstance(value, int):
            return [number_words(value)]
        case _:
            offered = options_of(question, words).get(str(value))
            return [offered or word_on_file(question, str(value), get_language() or "ja") or str(value)]


def masked_value(question: Question, field: str, value: object, words: Saying) -> Masked:
    """What the file says in one field: enough to recognise it by."""
    if question.sensitivity is Sensitivity.SENSITIVE:
        return Masked((), _("On file, not shown"))
    if question.kind is Kind.ADDRESS and field == postal_field(question.id):
        return mask_postal_code(str(value))
    if masker := _MASKERS.get(question.kind):
        return masker(str(value))
    return plain(_("; ").join(said(question, field, value, words)))
