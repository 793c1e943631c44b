"""What the page about who stands behind a customer shows, covered where nobody has given a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from customers.codes import LEGAL_FORMS, label_of
from customers.models import Customer, OwnerPaper, RelatedParty
from customers.ownership.graph import NotAShare, read_share, say_share
from customers.presenting import hide, say
from customers.related.explaining import Ownership, explain
from customers.related.scans import scan_counts
from customers.related.selectors import (
    COMPANY,
    Details,
    Known,
    earlier_of,
    graph_of,
    legal_form_of,
    papers_of,
    related_to,
)
from retention.expiring import end_of_day

# Where the form says it, and how.
PAPER_REFUSALS: Mapping[str, tuple[str, Promise | str]] = {
    "in_future": ("filed_on", _("Enter a day that is not in the future.")),
    "after_filing": ("as_of_on", _("A paper speaks of a day before it was filed.")),
    "not_for_this_form": (
        "kind",
        _("Only stock companies can file a list with the registry. Check the legal form, or choose a declaration."),
    ),
    "too_old_when_filed": (
        "as_of_on",
        _("The registry takes a list only of a day within the month before it was filed. Check both days."),
    ),
}
_SHOWN = ("kana", "birth_on", "postal_code", "address", "authority")
_LABELS: Mapping[str, Promise | str] = {
    "kana": _("Kana"),
    "birth_on": _("Date of birth"),
    "postal_code": _("Postal code"),
    "address": _("Address"),
    "authority": _("How the authority was confirmed"),
}


@dataclass(frozen=True, slots=True)
class PartyShown:
    """One related party as a row of the page."""

    known: Known
    name: str
    roles: list[str]
    facts: list[tuple[str, str]]
    holds: list[tuple[str, str]]
    # known no more, on the day that is shown
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class PaperShown:
    """One paper, how old what it says is, and whether it agrees with the calculation."""

    row: OwnerPaper
    office: str
    number: str
    names: list[str]
    days: int
    only_paper: list[str]
    only_calculated: list[str]
    scans: int

    @property
    def agrees(self) -> bool:
        """Whether it names those whom the calculation names by votes, and nobody else."""
        return not self.only_paper and not self.only_calculated


def overview(
    customer: Customer, facts: Mapping[str, Any], *, name: str, masked: bool, on: date, is_past: bool = False
) -> dict[str, object]:
    """Everything the page shows beside its head: today, or as it stood at the end of an earlier day in Japan."""
    at = end_of_day(on) if is_past else None
    known = related_to(customer, at=at)
    earlier = earlier_of(customer, at=at)
    names = {COMPANY: name} | {one.key: _name(one, masked=masked) for one in [*reversed(earlier), *known]}
    legal_form = legal_form_of(customer, facts, at=at)
    is_company = customer.kind == Customer.Kind.COMPANY
    ownership = explain(graph_of(name, legal_form, known), names) if is_company else None
    return {
        "is_company": is_company,
        "legal_form": label_of(LEGAL_FORMS, legal_form, get_language() or "ja"),
        "parties": [_party(one, names, masked=masked) for one in known],
        "earlier": [replace(_party(one, names, masked=masked), is_over=True) for one in earlier],
        "ownership": ownership,
        "declared": _declared(known, ownership, names) if ownership else [],
        "papers": _papers(papers_of(customer, at=at), ownership, names, on) if ownership else [],
    }


def companies_among(known: Sequence[Known]) -> list[tuple[str, str]]:
    """Those of which shares can be held."""
    return [(one.key, one.name) for one in known if not one.is_person]


def persons_among(known: Sequence[Known], *, masked: bool) -> list[tuple[str, str]]:
    """Those who can be owners."""
    kinds = {RelatedParty.Kind.PERSON.value, RelatedParty.Kind.PUBLIC.value}
    return [(one.key, _name(one, masked=masked)) for one in known if one.row.kind in kinds]


def _party(one: Known, names: Mapping[str, str], *, masked: bool) -> PartyShown:
    roles = dict(RelatedParty.Role.choices)
    return PartyShown(
        one,
        _name(one, masked=masked),
        [str(roles[role]) for role in one.row.roles if role in roles],
        [(str(_LABELS[key]), _fact(one, key, masked=masked)) for key in _SHOWN if one.details.get(key)],
        [(names.get(held, "—"), _share(share)) for held, share in one.holds],
    )


def _share(text: str) -> str:
    try:
        return say_share(read_share(text))
    except NotAShare:
        return text


def _fact(one: Known, key: str, *, masked: bool) -> str:
    value = say(key, one.details[key])
    return hide(key, value, is_company=not one.is_person) if masked else value


def _name(one: Known, *, masked: bool) -> str:
    return hide("name", one.name, is_company=not one.is_person) if masked and one.name else one.name


def _declared(known: Sequence[Known], ownership: Ownership, names: Mapping[str, str]) -> list[str]:
    """How what was declared differs from what was calculated."""
    declared = {one.key for one in known if RelatedParty.Role.DECLARED_OWNER in one.row.roles}
    found = {owner.key for owner in ownership.owners}
    if not declared or ownership.faults:
        return []
    said = gettext("%(name)s is declared as an owner, and the calculation does not find them.")
    unsaid = gettext("The calculation finds %(name)s, who is not declared as an owner.")
    return [said % {"name": names[key]} for key in sorted(declared - found)] + [
        unsaid % {"name": names[key]} for key in sorted(found - declared)
    ]


def _papers(
    papers: Sequence[tuple[OwnerPaper, Details]], ownership: Ownership, names: Mapping[str, str], on: date
) -> list[PaperShown]:
    shown = []
    scans = scan_counts([row for row, _details in papers])
    for row, details in papers:
        named = {str(key) for key in details.get("parties", [])}
        shown.append(
            PaperShown(
                row,
                str(details.get("office", "")),
                str(details.get("number", "")),
                [names.get(key, "—") for key in sorted(named)],
                (on - row.as_of_on).days,
                [names.get(key, "—") for key in sorted(named - ownership.by_votes)],
                [names.get(key, "—") for key in sorted(ownership.by_votes - named)],
                scans.get(row.pk, 0),
            )
        )
    return shown
