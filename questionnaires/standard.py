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
    about: str  # a text to be translated


def _(text: str) -> str:
    """Marks a text for translation; this module knows no Django."""
    return text


READY: Mapping[str, Ready] = MappingProxyType(
    {
        one.key: one
        for one in (
            Ready(
                "individual",
                "INDIVIDUAL",
                Label("個人のお客さま", "Personal customers"),
                _("For everybody: contact, work, use of the account, residence, cash, business abroad, public office."),
            ),
            Ready(
                "sole-trader",
                "INDIVIDUAL",
                Label("個人事業主のお客さま", "Sole traders"),
                _("Beside what everybody is asked: trade name, kind of business, turnover, how money comes and goes."),
            ),
            Ready(
                "company",
                "COMPANY",
                Label("法人のお客さま", "Companies"),
                _("Name, representative, business, use of the account, beneficial owners, cash, business abroad."),
            ),
            Ready(
                "foreign-resident",
                "INDIVIDUAL",
                Label("外国籍のお客さま", "Customers of other nationalities"),
                _("Status and period of stay, an extension under way, the residence card, taxes abroad (CRS), work."),
            ),
            Ready(
                "npo",
                "COMPANY",
                Label("非営利法人・任意団体のお客さま", "Non-profit organisations and associations"),
                _("Representatives, where the money comes from, where the organisation works, money sent abroad."),
            ),
            Ready(
                "residence-card",
                "INDIVIDUAL",
                Label("在留カードの更新", "Renewal of a residence card"),
                _("Short: whether the card was renewed or an extension applied for, the new period, the card itself."),
            ),
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


def origin(name: str) -> dict[str, Any]:
    """The columns of a `Questionnaire` saying as which state of a template it began or was looked at last."""
    return {"template_sha256": questionnaire(name).digest, "template_document": document(name)}
