"""The owners that a company named in its answers, beside those that follow from who is on record behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.ownership.graph import GraphRefused, say_share
from customers.ownership.naming import Calculated, Match, Named, Pair, beside
from customers.ownership.rules import Result, owners_of
from customers.presenting import hide, say
from customers.related.explaining import RULES
from customers.related.selectors import Known, graph_of, legal_form_of, related_to

WORDS: Mapping[Match, Promise | str] = {
    Match.AGREES: _("Agrees"),
    Match.SHARE_DIFFERS: _("The share differs"),
    Match.ONLY_NAMED: _("Only in the answer"),
    Match.ONLY_CALCULATED: _("Only calculated"),
}


@dataclass(frozen=True, slots=True)
class Beside:
    """Why nothing was compared, or the pairs."""

    pairs: Sequence[Pair] = ()
    refusal: Promise | str = ""

    @property
    def differs(self) -> bool:
        """Whether a person has to look at it."""
        return any(pair.match is not Match.AGREES for pair in self.pairs)


@dataclass(frozen=True, slots=True)
class PairShown:
    """One owner as a row of the page."""

    name: str
    birth_on: str
    is_named: bool
    named: str
    calculated: str
    rule: str
    verdict: str
    agrees: bool


def answered_beside(
    customer: Customer, facts: Mapping[str, Any], owners: object, *, at: datetime | None = None
) -> Beside | None:
    """The owners of an answer beside the calculation, now or as of a moment; None where there is nothing to compare."""
    if customer.kind != Customer.Kind.COMPANY or not isinstance(owners, Sequence) or isinstance(owners, str):
        return None
    known = related_to(customer, at=at)
    if not known:
        return Beside(refusal=_("Nobody behind the company is on record, so there is no calculation to compare with."))
    try:
        result = owners_of(graph_of("", legal_form_of(customer, facts, at=at), known))
    except GraphRefused:
        return Beside(refusal=_("The owners cannot be calculated from what is on record. Mend the related parties."))
    if not (result.owners or result.is_exempt):
        return Beside(refusal=_("The calculation finds no owner yet. Enter who holds votes and who represents it."))
    if result.is_exempt:
        return Beside(refusal=_("No owner has to be confirmed of the state and of listed companies."))
    return Beside(beside([_named(one) for one in owners if isinstance(one, Mapping)], _calculated(result, known)))


def shown(found: Beside, *, masked: bool) -> list[PairShown]:
    """The pairs in words, covered where the role is."""
    return [_shown(pair, masked=masked) for pair in found.pairs]


def _named(owner: Mapping[str, Any]) -> Named:
    share = owner.get("share_percent")
    text = "" if share is None else str(share)
    return Named(str(owner.get("name") or ""), str(owner.get("birth_on") or ""), text)


def _calculated(result: Result, known: Sequence[Known]) -> list[Calculated]:
    born = {one.key: str(one.details.get("birth_on") or "") for one in known}
    return [
        Calculated(
            owner.party.name, born.get(owner.party.key, ""), owner.stake.total if owner.stake else None, owner.rule
        )
        for owner in result.owners
    ]


def _shown(pair: Pair, *, masked: bool) -> PairShown:
    one = pair.named or pair.calculated
    assert one is not None
    name, born = one.name, say("birth_on", one.birth_on) if one.birth_on else ""
    if masked:
        name, born = hide("name", name, is_company=False), hide("birth_on", born, is_company=False) if born else ""
    share = pair.calculated.share if pair.calculated else None
    rule = pair.calculated.rule if pair.calculated else None
    return PairShown(
        name=name,
        birth_on=born,
        is_named=pair.named is not None,
        named=f"{pair.named.share}%" if pair.named and pair.named.share else "",
        calculated=say_share(share) if share is not None else "",
        rule=str(RULES[rule]) if rule else "",
        verdict=str(WORDS[pair.match]),
        agrees=pair.match is Match.AGREES,
    )
