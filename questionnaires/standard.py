"""The questionnaires the product brings along, ready to be used as they stand or to be changed first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from customers.codes import Label
from questionnaires.schema import Questionnaire
from questionnaires.shaping import parse

_DOCUMENTS = Path(__file__).parent / "documents"
NAMES = ("individual", "company")
# What a customer of a kind (Customer.Kind) answers where nothing else was chosen.
STANDARD: Mapping[str, str] = MappingProxyType({"INDIVIDUAL": "individual", "COMPANY": "company"})


@dataclass(frozen=True, slots=True)
class Ready:
    """A questionnaire that a tenant may begin with. ``audience``: the kind of customer it is for (Customer.Kind)."""

    key: str
    audience: str
    name: Label


READY: Mapping[str, Ready] = MappingProxyType(
    {
        one.key: one
        for one in (
            Ready("individual", "INDIVIDUAL", Label("個人のお客さま", "Personal customers")),
            Ready("company", "COMPANY", Label("法人のお客さま", "Companies")),
        )
    }
)


@cache
def document(name: str) -> dict[str, Any]:
    """The document of a ready questionnaire, as written; treat it as read-only."""
    loaded: dict[str, Any] = json.loads((_DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@cache
def questionnaire(name: str) -> Questionnaire:
    """The parsed document of a ready questionnaire."""
    return parse(document(name))
