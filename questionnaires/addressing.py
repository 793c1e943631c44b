"""Help with addresses on forms: what a postal code stands for, filled in when asked, and a hint where both disagree."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from customers.addresses.reading import CONTRADICTIONS, beginnings_of, compare, shared_beginning
from customers.folding import digits_of
from questionnaires import reading
from questionnaires.answering import Errors
from questionnaires.marking import in_language
from questionnaires.reading import Unreadable
from questionnaires.schema import Kind, Page, postal_field

# Of a code with more towns so many are named.
_NAMED = 5


def filled_in(page: Page, typed: Mapping[str, str]) -> tuple[dict[str, str], Errors]:
    """The form with each address begun as its postal code says; an address that is there already stays as it is."""
    data, errors = dict(typed), Errors()
    addresses = [question for question in page.questions if question.kind is Kind.ADDRESS]
    for question in addresses:
        field = postal_field(question.id)
        if len(addresses) > 1 and not data.get(field, "").strip():
            continue
        try:
            code = digits_of(reading.read_postal_code(data.get(field, "")))
        except Unreadable as error:
            errors[field] = (error.code, error.params)
            continue
        if not beginnings_of(code):
            errors[field] = ("no_such_postal_code", {})
        elif not data.get(question.id, "").strip():
            data[question.id] = shared_beginning(code)
    return data, errors


def places_named(postal_code: str) -> str:
    """The places of a postal code as it was typed, in words; "" for none."""
    named = beginnings_of(digits_of(postal_code))
    more = _(" and others") if len(named) > _NAMED else ""
    return in_language(_(", ").join(named[:_NAMED]), "ja") + more


def doubt_about(postal_code: str, address: str) -> str:
    """A sentence for whoever typed both, if they are not of one place; "" otherwise. It hinders nobody."""
    if compare(digits_of(postal_code), address) not in CONTRADICTIONS:
        return ""
    said = {"code": postal_code, "places": places_named(postal_code)}
    return _("The postal code %(code)s is that of %(places)s. Please check the postal code and the address.") % said
