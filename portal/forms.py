"""Reads the two facts a customer proves themselves with; any width, any dash, either calendar."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from questionnaires import reading
from questionnaires.answering import Errors
from questionnaires.messages import sentence
from questionnaires.proving import Fact, Factors
from questionnaires.reading import ERAS, Unreadable

ERA_CHOICES = ("western", *(era.name for era in reversed(ERAS)))
_PARTS = ("year", "month", "day")


def read_factors(asked: Sequence[Fact], data: Mapping[str, str]) -> tuple[Factors | None, Errors]:
    """What was typed of the facts that were asked for; None if any of it can't be read."""
    errors: Errors = {}
    birth_on = _birth_date(data, errors) if Fact.BIRTH in asked else None
    phone_digits = _four(data, "phone_digits", errors) if Fact.PHONE in asked else ""
    last_digits = _four(data, "last_digits", errors) if Fact.ACCOUNT in asked else ""
    number = data.get("customer_number", "").strip()[: reading.LONGEST_INPUT]
    if Fact.CUSTOMER_NUMBER in asked and not number:
        errors["customer_number"] = ("required", {})
    if errors:
        return None, errors
    return Factors(last_digits, birth_on, phone_digits, number), {}


def identity_context(kind: str, asked: Sequence[Fact], data: Mapping[str, str]) -> dict[str, Any]:
    """What the fields of these facts need, for a customer of this kind (Customer.Kind)."""
    return {"kind": kind, "asked": [str(fact) for fact in asked], "data": data, "eras": ERA_CHOICES}


def facts_named(asked: Sequence[Fact]) -> list[str]:
    """What somebody has to know, as the pages call it."""
    return [_labels()[fact] for fact in asked]


def identity_errors(errors: Errors) -> dict[str, Any]:
    """What the identity page needs to say what could not be read."""
    labels = _labels()
    facts = {"last_digits": Fact.ACCOUNT, "phone_digits": Fact.PHONE, "customer_number": Fact.CUSTOMER_NUMBER}
    words = {name: sentence(error, labels[facts.get(name, Fact.BIRTH)]) for name, error in errors.items()}
    birth = [words[name] for name in ("era", "year", "month", "day") if name in words]
    return {"errors": list(words.items()), "error_of": words, "birth_errors": birth}


def _labels() -> dict[Fact, str]:
    return {
        Fact.BIRTH: _("Date of birth"),
        Fact.ACCOUNT: _("Last 4 digits of the account number"),
        Fact.PHONE: _("Last 4 digits of the registered phone number"),
        Fact.CUSTOMER_NUMBER: _("Your customer number"),
    }


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
