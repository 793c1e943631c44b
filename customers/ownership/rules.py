"""Who the beneficial owners of a company are, by the rule of 犯収法施行規則 §11: in its order, each with its article.

It is no product of shares. A natural person's votes are their own and those of the companies they control
(支配法人: more than half), whole and not in proportion; what somebody holds of a company they do not control counts
for nothing. More than half decides alone; failing that everybody above a quarter; failing that dominant influence;
failing that whoever represents the company.

Three readings, where the text leaves room:
- Somebody with more than half who clearly lacks the will or the ability to control does not shut out the others
  (as the Ministry of Justice words its list: 「(1)に該当する者がいない場合は」).
- Nobody is looked for behind a party that is taken for a natural person (§11 (4)); what such a party controls counts
  as its own, so of a listed company and the subsidiary through which it holds, the listed company is named.
- Of a legal person that is not ruled by capital only rights held directly count: §11 (3) speaks of votes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from customers.ownership.graph import HALF, Control, Graph, GraphRefused, Holding, Party, PartyKind, faults_of

QUARTER = Fraction(1, 4)


class Rule(StrEnum):
    """By which article somebody is an owner, or why nobody has to be."""

    EXEMPT = "exempt"
    MAJORITY = "majority"
    QUARTER = "quarter"
    INFLUENCE = "influence"
    RIGHTS_MAJORITY = "rights_majority"
    RIGHTS_QUARTER = "rights_quarter"
    RIGHTS_INFLUENCE = "rights_influence"
    REPRESENTATIVE = "representative"


ARTICLES: Mapping[Rule, str] = {
    Rule.EXEMPT: "犯収法第4条第5項",
    Rule.MAJORITY: "犯収法施行規則第11条第2項第1号・第3項",
    Rule.QUARTER: "犯収法施行規則第11条第2項第1号・第3項",
    Rule.INFLUENCE: "犯収法施行規則第11条第2項第2号",
    Rule.RIGHTS_MAJORITY: "犯収法施行規則第11条第2項第3号イ",
    Rule.RIGHTS_QUARTER: "犯収法施行規則第11条第2項第3号イ",
    Rule.RIGHTS_INFLUENCE: "犯収法施行規則第11条第2項第3号ロ",
    Rule.REPRESENTATIVE: "犯収法施行規則第11条第2項第4号",
}


class Reason(StrEnum):
    """Why a holder is not an owner, or a holding does not count."""

    NOT_ABOVE_QUARTER = "not_above_quarter"
    OTHER_ABOVE_HALF = "other_above_half"
    WITHOUT_WILL = "without_will"
    NOT_CONTROLLED = "not_controlled"
    BEHIND_PUBLIC = "behind_public"
    NOT_DIRECT = "not_direct"
    NOBODY_CONTROLS = "nobody_controls"


@dataclass(frozen=True, slots=True)
class Stake:
    """What counts for one party: what it holds itself, and what companies it controls hold."""

    party: Party
    direct: Fraction
    through: tuple[Holding, ...] = ()
    # how it controls the companies in `through`, each after those it rests on
    controls: tuple[Control, ...] = ()

    @property
    def total(self) -> Fraction:
        """Both together (§11 (3))."""
        return self.direct + sum((holding.share for holding in self.through), Fraction())


@dataclass(frozen=True, slots=True)
class Owner:
    """One beneficial owner, by one rule."""

    party: Party
    rule: Rule
    stake: Stake | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """Somebody with a stake who is not an owner by it."""

    stake: Stake
    reason: Reason


@dataclass(frozen=True, slots=True)
class Uncounted:
    """A holding that counts for nobody, or not for its holder."""

    holding: Holding
    reason: Reason


@dataclass(frozen=True, slots=True)
class Gap:
    """Votes of a company of which nobody said who holds them."""

    company: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class Result:
    """What the rule comes to. Without owners, and not exempt, the representative is still to be named."""

    owners: tuple[Owner, ...]
    is_exempt: bool = False
    set_aside: tuple[SetAside, ...] = ()
    uncounted: tuple[Uncounted, ...] = ()
    # holders still unknown who could change the result
    gaps: tuple[Gap, ...] = ()


def owners_of(graph: Graph) -> Result:
    """The beneficial owners of the graph's company.

    Raises:
        GraphRefused: the graph cannot be true; it says everything that is wrong.
    """
    if faults := faults_of(graph):
        raise GraphRefused(faults)
    company = graph.by_key[graph.company]
    if company.kind is PartyKind.PUBLIC:
        return Result((), is_exempt=True)
    by_votes = company.kind is PartyKind.COMPANY
    stakes = _stakes(graph, _stake_by_votes if by_votes else _stake_by_rights)
    owners, set_aside = _by_share(stakes, by_votes=by_votes)
    is_decided = any(owner.rule in (Rule.MAJORITY, Rule.RIGHTS_MAJORITY) for owner in owners)
    if not by_votes or not owners:
        known = {owner.party.key for owner in owners}
        rule = Rule.INFLUENCE if by_votes else Rule.RIGHTS_INFLUENCE
        owners += [Owner(graph.by_key[key], rule) for key in dict.fromkeys(graph.influential) if key not in known]
    if not owners:
        named = dict.fromkeys(graph.representatives)
        owners = [Owner(graph.by_key[key], Rule.REPRESENTATIVE) for key in named]
    return Result(
        tuple(owners),
        set_aside=tuple(set_aside),
        uncounted=tuple(_uncounted(graph, stakes, by_votes=by_votes)),
        gaps=() if is_decided else tuple(_gaps(graph, by_votes=by_votes)),
    )


def _stakes(graph: Graph, stake_of: Callable[[Graph, Party], Stake]) -> list[Stake]:
    """The stakes of all who count as persons, the largest first."""
    persons = (party for party in graph.parties if party.counts_as_person and party.key in graph.upstream)
    found = [stake for stake in (stake_of(graph, person) for person in persons) if stake.total]
    return sorted(found, key=lambda stake: -stake.total)


def _stake_by_rights(graph: Graph, party: Party) -> Stake:
    return Stake(party, _sum(graph.votes_in(graph.company, (party.key,))))


def _stake_by_votes(graph: Graph, party: Party) -> Stake:
    controls = graph.controlled_by(party.key)
    companies = {control.company for control in controls} - {graph.company}
    through = graph.votes_in(graph.company, companies)
    needed = {holding.holder for holding in through}
    resting = []
    for control in reversed(controls):
        if control.company in needed:
            resting.append(control)
            needed.update(vote.holder for vote in control.votes)
    own = _sum(graph.votes_in(graph.company, (party.key,)))
    return Stake(party, own, through, tuple(reversed(resting)))


def _by_share(stakes: Sequence[Stake], *, by_votes: bool) -> tuple[list[Owner], list[SetAside]]:
    """Those who are owners by what they hold, and why the others are not."""
    willing = [stake for stake in stakes if not stake.party.is_without_will]
    above_half = [stake for stake in willing if stake.total > HALF]
    chosen = above_half or [stake for stake in willing if stake.total > QUARTER]
    if above_half:
        rule = Rule.MAJORITY if by_votes else Rule.RIGHTS_MAJORITY
    else:
        rule = Rule.QUARTER if by_votes else Rule.RIGHTS_QUARTER
    owners = [Owner(stake.party, rule, stake) for stake in chosen]
    rest = [stake for stake in stakes if stake not in chosen]
    return owners, [SetAside(stake, _why_not(stake)) for stake in rest]


def _why_not(stake: Stake) -> Reason:
    if stake.total <= QUARTER:
        return Reason.NOT_ABOVE_QUARTER
    return Reason.WITHOUT_WILL if stake.party.is_without_will else Reason.OTHER_ABOVE_HALF


def _uncounted(graph: Graph, stakes: Sequence[Stake], *, by_votes: bool) -> list[Uncounted]:
    """Holdings on the way to the company that do not count, each with the reason."""
    found = []
    counted = {holding.holder for stake in stakes for holding in stake.through}
    for holding in graph.holdings:
        holder = graph.by_key[holding.holder]
        if holding.held == graph.company:
            if not holder.counts_as_person and holding.holder not in counted:
                found.append(Uncounted(holding, Reason.NOBODY_CONTROLS if by_votes else Reason.NOT_DIRECT))
        elif by_votes and holding.held in graph.upstream and holding.holder != graph.company:
            if graph.by_key[holding.held].kind is PartyKind.PUBLIC:
                found.append(Uncounted(holding, Reason.BEHIND_PUBLIC))
            elif holder.counts_as_person and not _controls(graph, holding):
                found.append(Uncounted(holding, Reason.NOT_CONTROLLED))
    return found


def _controls(graph: Graph, holding: Holding) -> bool:
    return any(control.company == holding.held for control in graph.controlled_by(holding.holder))


def _gaps(graph: Graph, *, by_votes: bool) -> list[Gap]:
    """What is not known of holders: of the company, and, by votes, of the companies on the way to it."""
    found = []
    for party in graph.parties:
        is_asked = party.key == graph.company or (by_votes and party.key in graph.upstream)
        if is_asked and not party.counts_as_person:
            missing = 1 - _sum(graph.into.get(party.key, ()))
            if missing:
                found.append(Gap(party.key, missing))
    return found


def _sum(holdings: Sequence[Holding]) -> Fraction:
    return sum((holding.share for holding in holdings), Fraction())
