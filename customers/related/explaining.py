"""The calculation of a company's owners in sentences: who, by which article, through whom, and what does not count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.models import RelatedParty
from customers.ownership.drawing import Picture, Words, draw
from customers.ownership.graph import Fault, FaultCode, Graph, GraphRefused, Holding, PartyKind, say_share
from customers.ownership.rules import ARTICLES, Gap, Owner, Reason, Result, Rule, Stake, Uncounted, owners_of

type Names = Mapping[str, str]

RULES: Mapping[Rule, Promise | str] = {
    Rule.EXEMPT: _("The state and listed companies have no owner to confirm"),
    Rule.MAJORITY: _("More than half of the votes"),
    Rule.QUARTER: _("More than a quarter of the votes; nobody has more than half"),
    Rule.INFLUENCE: _("Dominant influence; nobody has more than a quarter of the votes"),
    Rule.RIGHTS_MAJORITY: _("Right to more than half of the profit or the assets"),
    Rule.RIGHTS_QUARTER: _("Right to more than a quarter of the profit or the assets; nobody has more than half"),
    Rule.RIGHTS_INFLUENCE: _("Dominant influence"),
    Rule.REPRESENTATIVE: _("Represents the company and carries out its business; there is no other owner"),
}
_ASIDE: Mapping[Reason, Promise | str] = {
    Reason.NOT_ABOVE_QUARTER: _("%(name)s has %(share)s, which is not more than a quarter."),
    Reason.OTHER_ABOVE_HALF: _("%(name)s has %(share)s, but somebody else has more than half."),
    Reason.WITHOUT_WILL: _("%(name)s has %(share)s, but clearly has no will or ability to control the company."),
}
_UNCOUNTED: Mapping[Reason, Promise | str] = {
    Reason.NOT_CONTROLLED: _(
        "%(holder)s holds %(share)s of %(held)s and does not control it, so nothing that %(held)s holds counts for "
        "%(holder)s."
    ),
    Reason.BEHIND_PUBLIC: _(
        "%(holder)s holds %(share)s of %(held)s, which is taken for a natural person; nobody behind it is looked for."
    ),
    Reason.NOT_DIRECT: _("%(holder)s holds %(share)s; of this legal form only rights held by a person count."),
    Reason.NOBODY_CONTROLS: _("%(holder)s holds %(share)s, and nobody controls %(holder)s, so it counts for nobody."),
}
_FAULTS: Mapping[FaultCode, Promise | str] = {
    FaultCode.NO_COMPANY: _("The company itself is missing."),
    FaultCode.IS_PERSON: _("A natural person has no owners."),
    FaultCode.TWICE: _("%(first)s is there twice."),
    FaultCode.UNKNOWN: _("A share is held of or by somebody who is no longer on record."),
    FaultCode.NOT_POSITIVE: _("The share of %(first)s in %(second)s is not more than nothing."),
    FaultCode.OVER_WHOLE: _("The share of %(first)s in %(second)s is %(share)s, more than the whole."),
    FaultCode.SUM_OVER_WHOLE: _("The shares held of %(first)s come to %(share)s together, more than the whole."),
    FaultCode.PERSON_HELD: _("%(first)s cannot hold a share of %(second)s, a natural person."),
    FaultCode.OWN_SHARES: _("%(first)s holds shares of its own. They carry no votes: leave them out of all votes."),
    FaultCode.HELD_TWICE: _("What %(first)s holds of %(second)s is entered twice."),
    FaultCode.RING: _(
        "%(first)s controls itself: companies that it controls hold %(share)s of it. Nobody stands at the end of "
        "such a ring. Check what was entered."
    ),
    FaultCode.NOT_A_PERSON: _("%(first)s is no natural person and cannot have that relation."),
}


@dataclass(frozen=True, slots=True)
class OwnerShown:
    """One owner as the page tells it."""

    key: str
    name: str
    rule: str
    article: str
    share: str
    because: list[str]


@dataclass(frozen=True, slots=True)
class Ownership:
    """The whole calculation as the page tells it; with faults nothing was calculated."""

    owners: list[OwnerShown]
    picture: Picture | None
    is_exempt: bool = False
    article: str = ""
    excluded: Sequence[str] = ()
    gaps: Sequence[str] = ()
    faults: Sequence[str] = ()

    @property
    def by_votes(self) -> frozenset[str]:
        """Who is an owner by votes, as a list of the registry names them."""
        return frozenset(owner.key for owner in self.owners if owner.share)


def explain(graph: Graph, names: Names) -> Ownership:
    """Calculate and tell. ``names`` are what parties are called on this page, covered or not."""
    shown = _renamed(graph, names)
    try:
        result = owners_of(shown)
    except GraphRefused as refused:
        return Ownership([], None, faults=[_say_fault(fault, names) for fault in refused.faults])
    aside = [
        _say(_ASIDE[one.reason], name=names[one.stake.party.key], share=_share(one.stake.total))
        for one in result.set_aside
    ]
    return Ownership(
        [_say_owner(owner, names) for owner in result.owners],
        _picture(shown, result, names),
        is_exempt=result.is_exempt,
        article=ARTICLES[Rule.EXEMPT] if result.is_exempt else "",
        excluded=aside + [_say_uncounted(one, names) for one in result.uncounted],
        gaps=[_say_gap(gap, names) for gap in result.gaps],
    )


def _renamed(graph: Graph, names: Names) -> Graph:
    """The same graph with what its parties are called on the page."""
    return replace(graph, parties=tuple(replace(party, name=names[party.key]) for party in graph.parties))


def _say_owner(owner: Owner, names: Names) -> OwnerShown:
    share, because = "", []
    if owner.stake is not None:
        share, because = _share(owner.stake.total), list(_because(owner.stake, names))
    return OwnerShown(
        owner.party.key, names[owner.party.key], str(RULES[owner.rule]), ARTICLES[owner.rule], share, because
    )


def _because(stake: Stake, names: Names) -> Iterable[str]:
    """From what is nearest to the company to what is farthest."""
    name = names[stake.party.key]
    if stake.direct:
        yield gettext("%(name)s holds %(share)s.") % {"name": name, "share": _share(stake.direct)}
    for holding in stake.through:
        yield gettext("%(company)s, which %(name)s controls, holds %(share)s.") % {
            "company": names[holding.holder],
            "name": name,
            "share": _share(holding.share),
        }
    for control in reversed(stake.controls):
        votes = gettext(", ").join(f"{names[vote.holder]} {_share(vote.share)}" for vote in control.votes)
        yield gettext("%(name)s controls %(company)s with more than half of its votes: %(votes)s.") % {
            "name": name,
            "company": names[control.company],
            "votes": votes,
        }


def _say_uncounted(one: Uncounted, names: Names) -> str:
    holding = one.holding
    return _say(
        _UNCOUNTED[one.reason],
        holder=names[holding.holder],
        held=names[holding.held],
        share=_share(holding.share),
    )


def _say_gap(gap: Gap, names: Names) -> str:
    return gettext("Who holds %(share)s of %(company)s is not known.") % {
        "share": _share(gap.share),
        "company": names[gap.company],
    }


def _say_fault(fault: Fault, names: Names) -> str:
    first, second = [*(names.get(key, "—") for key in fault.parties), "—", "—"][:2]
    share = "—" if fault.share is None else _share(fault.share)
    return _say(_FAULTS[fault.code], first=first, second=second, share=share)


def _picture(graph: Graph, result: Result, names: Names) -> Picture:
    ties = {
        owner.party.key: str(
            RelatedParty.Role.REPRESENTATIVE.label if owner.rule is Rule.REPRESENTATIVE else _("Dominant influence")
        )
        for owner in result.owners
        if owner.stake is None
    }
    company = names[graph.company]
    owners = gettext(", ").join(names[owner.party.key] for owner in result.owners)
    description = gettext("Beneficial owners: %(owners)s. The same is told in words below.")
    words = Words(
        title=gettext("Who owns %(company)s") % {"company": company},
        description=description % {"owners": owners or "—"},
        kinds=_kinds(),
        owner=gettext("Beneficial owner"),
        ties=ties,
    )
    stakes = [owner.stake for owner in result.owners if owner.stake]
    keys = {owner.party.key for owner in result.owners}
    return draw(graph, words=words, owners=keys, counted=_counted(graph, stakes))


def _counted(graph: Graph, stakes: Sequence[Stake]) -> list[Holding]:
    """The holdings on which the owners' stakes rest."""
    found = [holding for stake in stakes for holding in graph.votes_in(graph.company, (stake.party.key,))]
    for stake in stakes:
        found += [*stake.through, *(vote for control in stake.controls for vote in control.votes)]
    return found


def _kinds() -> Mapping[PartyKind, str]:
    return {
        PartyKind.PERSON: gettext("Natural person"),
        PartyKind.COMPANY: gettext("Company"),
        PartyKind.ENTITY: gettext("Other legal person"),
        PartyKind.PUBLIC: gettext("State or listed"),
    }


def _say(text: Promise | str, **places: str) -> str:
    return str(text) % places


def _share(share: Fraction) -> str:
    """Exactly; a fraction that does not end has its percentage beside it."""
    exact = say_share(share)
    if exact.endswith("%"):
        return exact
    whole, hundredths = divmod(round(share * 10_000), 100)
    return gettext("%(exact)s (about %(percent)s%%)") % {"exact": exact, "percent": f"{whole}.{hundredths:02d}"}
