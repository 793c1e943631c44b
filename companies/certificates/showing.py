"""How certificates are shown: their age, and the paper beside the file in words, covered for masked roles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from companies.certificates.models import RegistryCertificate
from companies.certificates.rules import OFFICERS, Officer, good_until
from companies.certificates.selectors import leaving_of, paper_beside, roles_beside
from companies.comparing import Line
from customers.models import Customer, RelatedParty
from customers.presenting import hide, label, name_shown, say
from customers.selectors import facts_of, facts_of_each
from tenants.keys import PersonShredded


@dataclass(frozen=True, slots=True)
class Age:
    """How old a certificate is."""

    days: int
    good_until: date
    is_over: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate of a list."""

    certificate: RegistryCertificate
    name: str
    is_late: bool
    age: Age | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that the paper says beside the file, in words."""

    key: str
    label: str
    on_file: str
    paper: str
    is_same: bool
    is_new: bool
    is_taken: bool


def age_of(certificate: RegistryCertificate, today: date) -> Age | None:
    """None as long as nobody has transcribed its day."""
    if certificate.issued_on is None:
        return None
    until = good_until(certificate.issued_on)
    return Age((today - certificate.issued_on).days, until, today > until)


def rows_shown(items: Iterable[RegistryCertificate], *, today: date, masked: bool) -> list[Row]:
    """With names; a constant number of queries."""
    rows = list(items)
    facts = facts_of_each([row.customer for row in rows])
    return [
        Row(
            certificate=row,
            name=name_shown(row.customer, facts[row.customer_id], masked=masked),
            is_late=row.status == RegistryCertificate.Status.REQUESTED and row.due_on < today,
            age=age_of(row, today),
        )
        for row in rows
    ]


def lines_shown(customer: Customer, certificate: RegistryCertificate, *, masked: bool) -> list[Shown]:
    """The facts and the officers; nothing before it is transcribed, or where the customer's data were destroyed."""
    if certificate.transcribed_at is None:
        return []
    try:
        lines, officers = paper_beside(customer, certificate)
    except PersonShredded:
        return []
    shown = [_line(line, certificate, masked=masked) for line in lines]
    both = [_officer(one, masked=masked) for one in officers.both]
    paper = [*both, *(_officer(one, masked=masked) for one in officers.only_paper)]
    on_file = [*both, *(_name(one, masked=masked) for one in officers.only_file)]
    if paper:
        shown.append(
            Shown(
                key=OFFICERS,
                label=gettext("Officers"),
                on_file=gettext(", ").join(on_file),
                paper=gettext(", ").join(paper),
                is_same=officers.is_same,
                is_new=bool(officers.only_paper),
                is_taken=OFFICERS in certificate.taken,
            )
        )
    return shown


def leaving_shown(customer: Customer, certificate: RegistryCertificate, *, masked: bool) -> list[tuple[UUID, str, str]]:
    """Officers whom only the file names, while it is to be checked: row, name, and what else they are and remain."""
    if certificate.status != RegistryCertificate.Status.TRANSCRIBED:
        return []
    words = dict(RelatedParty.Role.choices)
    try:
        leaving = leaving_of(customer, certificate)
    except PersonShredded:
        return []
    return [
        (
            one.row.pk,
            _name(one.name, masked=masked),
            gettext(", ").join(str(words[role]) for role in roles_beside(one.row)),
        )
        for one in leaving
    ]


def beside_of(customer: Customer, certificate: RegistryCertificate) -> dict[str, str]:
    """What the paper says beside the facts: its number and the company's objects, and the industry on file."""
    try:
        said: dict[str, Any] = certificate.said or {}
        industry = say("industry", facts_of(customer).get("industry"))
    except PersonShredded:
        return {}
    return {"number": str(said.get("number", "")), "business": str(said.get("business", "")), "industry": industry}


def _line(line: Line, certificate: RegistryCertificate, *, masked: bool) -> Shown:
    on_file, paper = (_said(line.key, value, masked=masked) for value in (line.on_file, line.registered))
    is_taken = line.key in certificate.taken
    return Shown(line.key, label(line.key), on_file, paper, line.is_same, not line.is_same, is_taken)


def _said(key: str, value: str, *, masked: bool) -> str:
    if not value:
        return ""
    said = say(key, int(value) if key == "capital" and value.isdigit() else value)
    return hide(key, said, is_company=True) if masked else said


def _officer(officer: Officer, *, masked: bool) -> str:
    return f"{officer.office} {_name(officer.name, masked=masked)}"


def _name(name: str, *, masked: bool) -> str:
    return hide("representative", name) if masked else name
