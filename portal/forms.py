"""Reads the two facts a customer proves themselves with; any width, any dash, either calendar."""

from collections.abc import Mapping
from datetime import date

from customers.models import Customer
from questionnaires import reading
from questionnaires.answering import Errors
from questionnaires.links import Factors
from questionnaires.reading import Unreadable

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
