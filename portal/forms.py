"""Reads the two facts a customer proves themselves with; any width, any dash, either calendar."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from customers.models import Customer
from questionnaires import reading
from questionnaires.answering import Errors
from questionnaires.messages import sentence
from questionnaires.proving import Factors
from questionnaires.reading import ERAS, Unreadable

ERA_CHOICES = ("western", *(era.name for era in reversed(ERAS)))
_PARTS = ("year", "month", "day")


def read_factors(kind: str, data: Mapping[str, str]) -> tuple[Factors | None, Errors]:
    """What was typed on the identity page of a customer of this kind; None if any of it can't be read."""
    errors: Errors = {}
    birth_on: date | None = None
    phone_digits = ""
    if kind == Customer.Kind.COMPANY:
        phone_digits = _four(data, "phone_digits", errors)
    else:
        birth_on = _birth_date(data, errors)
    last_digits = _four(data, "last_digits", errors)
    if errors:
        return None, errors
    return Factors(last_digits=last_digits, birth_on=birth_on, phone_digits=phone_digits), {}


def identity_errors(errors: Errors) -> dict[str, Any]:
    """What the identity page needs to say what could not be read."""
    labels = {
        "last_digits": _("Last 4 digits of the account number"),
        "phone_digits": _("Last 4 digits of the registered phone number"),
    }
    words = {name: sentence(error, labels.get(name, _("Date of birth"))) for name, error in errors.items()}
    birth = [words[name] for name in ("era", "year", "month", "day") if name in words]
    return {"errors": list(words.items()), "error_of": words, "birth_errors": birth}


def _four(data: Mapping[str, str], name: str, errors: Errors) -> str:
    try:
        return reading.read_digits(data.get(name, "")[: reading.LONGEST_INPUT], length=4)
    except Unreadable as error:
        errors[name] = (error.code, error.params)
        return ""


def _birth_date(data: Mapping[str, str], errors: Errors) -> date | None:
    typed = {part: data.get(part, "")[: reading.LONGEST_INPUT] for part in _PARTS}
    missing = [part for part in _PARTS if not typed[part].strip()]
    if missing:
        errors.update({part: ("missing_part", {"part": part}) for part in missing})
        return None
    era = data.get("era") or ("western" if len(reading.fold(typed["year"])) == 4 else "")
    try:
        return reading.era_date(era, typed["year"], typed["month"], typed["day"])
    except Unreadable as error:
        errors[error.code if error.code in {"era", *_PARTS} else "year"] = (error.code, error.params)
        return None
