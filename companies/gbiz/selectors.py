"""Reading what gBizINFO answered: beside the file, and what has no place there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from companies.certificates.rules import compare_facts
from companies.comparing import Line
from companies.gbiz.models import GbizAccess, GbizAnswer
from companies.protocols import CompanyProfile
from customers.facts.catalogue import FACTS
from customers.importing import stray_in
from customers.models import Customer
from customers.parsing import Invalid

# The file has the name alone; some companies told their office before it.
_OFFICES = ("代表", "理事長", "会長")
# What may be taken over; the address brings its postal code along.
KEYS = ("name", "address", "postal_code", "representative", "established_on", "capital")


def access() -> GbizAccess | None:
    """The tenant's access, if it has a token."""
    return GbizAccess.objects.filter(token__isnull=False).first()


def answer_of(customer: Customer) -> GbizAnswer | None:
    """The last answer about a customer."""
    return GbizAnswer.objects.filter(customer=customer).first()


def said_by(profile: CompanyProfile) -> dict[str, Any]:
    """What is kept of an answer, each fact as a file's is; what no file could say so is left out."""
    given = {
        "name": profile.name,
        "address": profile.address,
        "postal_code": profile.postal_code,
        "representative": _name_alone(profile.representative),
        "established_on": profile.established_on.isoformat() if profile.established_on else "",
        "capital": "" if profile.capital is None else str(profile.capital),
    }
    said = {key: value for key, text in given.items() if (value := _read(key, text)) is not None}
    beside = {
        "employees": profile.employees,
        "business": profile.business or None,
        "status": profile.status or None,
        "closed_on": profile.closed_on.isoformat() if profile.closed_on else None,
        "updated_on": profile.updated_on.isoformat() if profile.updated_on else None,
    }
    return {**said, **{key: value for key, value in beside.items() if value is not None}}


def _name_alone(representative: str) -> str:
    first, *rest = representative.split(maxsplit=1)[:2] or [""]
    return rest[0] if rest and any(office in first for office in _OFFICES) else representative


def _read(key: str, text: str) -> Any:
    if not text or stray_in(text):
        return None
    try:
        return FACTS[key].read(text)
    except Invalid:
        return None


def lines_beside(facts: Mapping[str, object], said: Mapping[str, object]) -> list[Line]:
    """What gBizINFO says of things that the file has a place for, beside the file."""
    return compare_facts(facts, {key: value for key, value in said.items() if key in KEYS})
