"""Reading who stands behind a customer, and the graph of ownership that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from customers.models import Customer, OwnerPaper, RelatedParty
from customers.ownership.graph import Graph, Holding, NotAShare, Party, PartyKind, read_share
from customers.selectors import known_before
from tenants.keys import PersonShredded

type Details = dict[str, Any]

COMPANY = ""
# legal_form of the file → what the rule takes the company for
KIND_OF_FORM = {
    "stock": PartyKind.COMPANY,
    "capital": PartyKind.COMPANY,
    "entity": PartyKind.ENTITY,
    "public": PartyKind.PUBLIC,
}


@dataclass(frozen=True, slots=True)
class Known:
    """One related party as a page needs it: the row, and its sealed details opened."""

    row: RelatedParty
    details: Details

    @property
    def key(self) -> str:
        """How the graph calls it."""
        return str(self.row.party)

    @property
    def name(self) -> str:
        """As it was entered."""
        return str(self.details.get("name", ""))

    @property
    def is_person(self) -> bool:
        """Whether it is a natural person, whose name is covered until somebody gives a reason."""
        return bool(self.row.kind == RelatedParty.Kind.PERSON)

    @property
    def holds(self) -> list[tuple[str, str]]:
        """What it holds: of whom, and the share as it was entered."""
        return [(str(one["of"]), str(one["share"])) for one in self.details.get("holds", [])]


def related_to(customer: Customer, *, at: datetime | None = None) -> list[Known]:
    """Who stands behind a customer now, or as it was known at a moment; nobody where the customer was shredded."""
    rows = RelatedParty.objects.filter(customer=customer).order_by("pk")
    if at is None:
        rows = rows.filter(ended_at__isnull=True)
    else:
        rows = rows.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=at), began_at__lte=at)
    try:
        return [Known(row, row.details) for row in rows]
    except PersonShredded:
        return []


def earlier_of(customer: Customer, *, at: datetime | None = None) -> list[Known]:
    """What was known and is no more, or was no more at a moment, the latest first."""
    rows = RelatedParty.objects.filter(customer=customer, ended_at__isnull=False).order_by("-ended_at", "-pk")
    rows = rows if at is None else rows.filter(ended_at__lte=at)
    try:
        return [Known(row, row.details) for row in rows]
    except PersonShredded:
        return []


def papers_of(customer: Customer, *, at: datetime | None = None) -> list[tuple[OwnerPaper, Details]]:
    """The papers about a company's owners, or those that had been taken at a moment, the latest day first."""
    rows = OwnerPaper.objects.filter(customer=customer).order_by("-as_of_on", "-pk")
    rows = rows if at is None else rows.filter(taken_at__lte=at)
    try:
        return [(row, row.details) for row in rows]
    except PersonShredded:
        return []


def legal_form_of(customer: Customer, facts: Mapping[str, Any], *, at: datetime | None = None) -> str:
    """What the company is for the rule, or was on file as at a moment; "" where that is not known."""
    if at is None:
        return str(facts.get("legal_form") or "")
    try:
        known = known_before(customer, at) or {}
    except PersonShredded:
        return ""
    return str((known["legal_form"].value if "legal_form" in known else None) or "")


def graph_of(name: str, legal_form: str, known: Sequence[Known]) -> Graph:
    """The graph that the parties and their holdings make; the company's own key is empty."""
    company = Party(COMPANY, name, KIND_OF_FORM.get(legal_form, PartyKind.COMPANY))
    parties = [
        Party(one.key, one.name, PartyKind(one.row.kind), bool(one.details.get("no_will_because"))) for one in known
    ]
    return Graph(
        COMPANY,
        (company, *parties),
        tuple(_holdings(known)),
        influential=_in_role(known, RelatedParty.Role.INFLUENCE),
        representatives=_in_role(known, RelatedParty.Role.REPRESENTATIVE),
    )


def _holdings(known: Sequence[Known]) -> list[Holding]:
    found = []
    for one in known:
        for held, share in one.holds:
            try:
                found.append(Holding(one.key, held, read_share(share)))
            except NotAShare:  # the form refuses it, so that only another hand can have written it
                continue
    return found


def _in_role(known: Sequence[Known], role: str) -> tuple[str, ...]:
    return tuple(one.key for one in known if role in one.row.roles)
