"""The columns that an export may have, and how a customer's values stand in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from customers.accounts.rules import write_accounts
from customers.exporting.lists import list_kind, title_in_a_list
from customers.facts.catalogue import BESIDE
from customers.facts.selectors import fact_of, facts_in_use, own_facts_in_use
from customers.facts.shape import Kept, Type
from customers.models import Customer
from customers.presenting import hide, label, say
from customers.selectors import ERASED

# As our own import reads them back: days as YYYY-MM-DD, numbers as digits.
_AS_KEPT = frozenset({Type.DAY, Type.NUMBER, Type.AMOUNT})
_OF_FILE: Mapping[str, tuple[str, Promise]] = {
    "customer_number": ("number", _("Customer number")),
    "kind": ("get_kind_display", _("Individual or company")),
    "status": ("get_status_display", _("State")),
    "opened_on": ("opened_on", _("Opened on")),
    "risk_tier": ("get_risk_tier_display", _("Risk")),
    "due_diligence": ("get_due_diligence_display", _("Due diligence")),
    "last_reviewed_on": ("last_reviewed_on", _("Last review")),
    "next_review_on": ("next_review_on", _("Next review")),
}
DEFAULT = (
    "customer_number",
    "kind",
    "name",
    "kana",
    "branch_code",
    "risk_tier",
    "due_diligence",
    "last_reviewed_on",
    "next_review_on",
)
NOTHING: Mapping[str, str] = {}
_FIRST = ("customer_number", "kind", "status", "branch_code", "department", "opened_on", "language")
_RISK = ("risk_tier", "due_diligence", "last_reviewed_on", "next_review_on")
_CONTACT = ("postal_code", "address", "phone", "email")
_WHO = ("name", "kana", "former_name", "common_name", "latin_name", "birth_on")
_WHO_COMPANY = ("corporate_number", "legal_form", "representative", "established_on", "capital", "owners")
_ACCOUNT = ("account_number", "accounts", "purpose", "source_of_funds", "handles_cash", "sends_abroad")


def groups(of: str = "") -> list[tuple[str, list[str]]]:
    """The columns as the page shows them: (title, keys); the institution's own attributes come last.

    ``of``: the kind of list that is exported, whose columns come behind the number.
    """
    kind = list_kind(of)
    known: list[tuple[Promise, Sequence[str]]] = [
        (_("Management"), _FIRST),
        *([(kind.title, tuple(kind.columns))] if kind else ()),
        (_("Names"), _WHO),
        (_("Company"), _WHO_COMPANY),
        (_("Contact"), _CONTACT),
        (_("Account and business"), _ACCOUNT),
        (_("Risk and reviews"), _RISK),
    ]
    own = list(own_facts_in_use())
    placed = {key for _title, keys in known for key in keys} | set(own)
    rest = [key for key in facts_in_use() if key not in placed]
    shown = [*known, (_("Country, work and status"), rest), (_("Own attributes"), own)]
    return [(str(title), list(keys)) for title, keys in shown if keys]


def choices(of: str = "") -> list[tuple[str, str]]:
    """Every column with its title, in the order of the page, which is that of the file."""
    return [(key, title_of(key)) for _title, keys in groups(of) for key in keys]


def default(of: str = "") -> list[str]:
    """The columns that are ticked beforehand."""
    kind = list_kind(of)
    return [*DEFAULT, *(kind.columns if kind else ())]


def title_of(key: str) -> str:
    """What a column is called on a page."""
    if key in _OF_FILE:
        return str(_OF_FILE[key][1])
    if (title := title_in_a_list(key)) is not None:
        return str(title)
    return gettext("Language") if key == "language" else label(key)


def heading(columns: Sequence[str]) -> list[str]:
    """The first line of the file, in Japanese: as our own import calls the columns, where it knows them."""
    with override("ja"):
        facts = {key: fact_of(key) for key in columns}
        return [fact.titles[0] if (fact := facts[key]) and fact.titles else title_of(key) for key in columns]


def cells(
    columns: Sequence[str],
    customer: Customer,
    facts: Mapping[str, Any],
    *,
    masked: bool,
    listed: Mapping[str, str] = NOTHING,
) -> list[str]:
    """The values of one customer, in Japanese; "" for what is not known. ``masked``: covered as on the pages.

    ``listed``: what the list that is exported says of the customer.
    """
    is_company = customer.kind == Customer.Kind.COMPANY
    with override("ja"):
        said = [listed[key] if key in listed else _said(key, customer, facts) for key in columns]
        if not masked:
            return said
        return [hide(key, value, is_company=is_company) for key, value in zip(columns, said, strict=True)]


def _said(key: str, customer: Customer, facts: Mapping[str, Any]) -> str:
    if key in _OF_FILE:
        value = getattr(customer, _OF_FILE[key][0])
        value = value() if callable(value) else value
        return "" if value is None else str(value)
    if key in BESIDE:
        value = getattr(customer, key)
        return say(key, value) if value and key == "language" else str(value or "")
    value = facts.get(key)
    fact = fact_of(key)
    if value in (None, "", []):
        is_sealed = fact is not None and fact.kept in (Kept.PROFILE, Kept.CONTACT)
        return gettext("Erased") if facts.get(ERASED) and is_sealed else ""
    if fact and fact.type is Type.ACCOUNTS:
        return write_accounts(value)
    return str(value) if fact and fact.type in _AS_KEPT else say(key, value)
