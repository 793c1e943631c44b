"""Who holds how much of whom, exactly; what is wrong with such a graph, and who controls which company in it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

HALF = Fraction(1, 2)
_SHARE = re.compile(r"(?P<part>\d{1,15}(?:\.\d{1,12})?)(?:/(?P<whole>\d{1,15})|%)?")


class PartyKind(StrEnum):
    """What a party is for the rule."""

    PERSON = "PERSON"
    # votes by capital (資本多数決法人): 株式会社, 特例有限会社, 投資法人, 特定目的会社
    COMPANY = "COMPANY"
    # every other legal person: 持分会社, 一般社団・財団法人, 医療法人, 学校法人 …
    ENTITY = "ENTITY"
    # taken for a natural person (犯収法施行規則 §11 (4)): the state, listed companies, and subsidiaries entered as such
    PUBLIC = "PUBLIC"


class FaultCode(StrEnum):
    """Why a graph is refused."""

    NO_COMPANY = "no_company"
    IS_PERSON = "is_person"
    TWICE = "twice"
    UNKNOWN = "unknown"
    NOT_POSITIVE = "not_positive"
    OVER_WHOLE = "over_whole"
    SUM_OVER_WHOLE = "sum_over_whole"
    PERSON_HELD = "person_held"
    OWN_SHARES = "own_shares"
    HELD_TWICE = "held_twice"
    RING = "ring"
    NOT_A_PERSON = "not_a_person"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody or something in the graph."""

    key: str
    name: str
    kind: PartyKind
    # clearly without the will or the ability to control the company (§11 (2)(i) and (iii)(a))
    is_without_will: bool = False

    @property
    def counts_as_person(self) -> bool:
        """Whether an owner may be found in it: a natural person, or what is taken for one."""
        return self.kind in (PartyKind.PERSON, PartyKind.PUBLIC)


@dataclass(frozen=True, slots=True)
class Holding:
    """What one party holds of another: the part of all votes, or, of an ENTITY, of its profit or assets."""

    holder: str
    held: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, the parties it is about, and the share in question."""

    code: FaultCode
    parties: tuple[str, ...] = ()
    share: Fraction | None = None


class GraphRefused(Exception):
    """Nothing is calculated from a graph that cannot be true."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(sorted({str(fault.code) for fault in faults})))
        self.faults = tuple(faults)


class NotAShare(ValueError):
    """The text is not a share."""


@dataclass(frozen=True, slots=True)
class Control:
    """That a party controls a company: by these votes, which are its own and those of companies it controls."""

    company: str
    votes: tuple[Holding, ...]

    @property
    def total(self) -> Fraction:
        """All of them together; more than a half."""
        return sum((vote.share for vote in self.votes), Fraction())


@dataclass(frozen=True)
class Graph:
    """Everything known of who owns ``company``."""

    company: str
    parties: tuple[Party, ...]
    holdings: tuple[Holding, ...] = ()
    # have a dominant influence by funding, loans, trade or otherwise
    influential: tuple[str, ...] = ()
    # represent the company and carry out its business
    representatives: tuple[str, ...] = ()

    @cached_property
    def by_key(self) -> Mapping[str, Party]:
        """The parties by key."""
        return {party.key: party for party in self.parties}

    @cached_property
    def into(self) -> Mapping[str, Sequence[Holding]]:
        """The holdings of each party's holders."""
        found: dict[str, list[Holding]] = defaultdict(list)
        for holding in self.holdings:
            found[holding.held].append(holding)
        return found

    @cached_property
    def upstream(self) -> frozenset[str]:
        """The company, and everybody from whom holdings lead to it."""
        found, waiting = {self.company}, [self.company]
        while waiting:
            for holding in self.into.get(waiting.pop(), ()):
                if holding.holder not in found:
                    found.add(holding.holder)
                    waiting.append(holding.holder)
        return frozenset(found)

    def controlled_by(self, key: str) -> list[Control]:
        """The companies a party controls (支配法人), in the order in which they are come by.

        More than half of the votes, its own together with those of companies it controls already (§11 (3)(ii)).
        Nobody controls what is taken for a natural person.
        """
        group = {key}
        found: list[Control] = []
        companies = [party.key for party in self.parties if not party.counts_as_person and party.key != key]
        while True:
            reached = [Control(one, self.votes_in(one, group)) for one in companies if one not in group]
            gained = [control for control in reached if control.total > HALF]
            if not gained:
                return found
            found += gained
            group.update(control.company for control in gained)

    def votes_in(self, held: str, group: Collection[str]) -> tuple[Holding, ...]:
        """What the parties of a group hold of one."""
        return tuple(holding for holding in self.into.get(held, ()) if holding.holder in group)


def faults_of(graph: Graph) -> list[Fault]:
    """Everything that is wrong with a graph; empty where it may be calculated from.

    Holdings that run in a circle are counted, as the rule counts votes of companies that hold each other
    (会社法 §308 (1)); a ring in which a company controls itself is refused, because nobody stands at its end.
    """
    return _faults_of_parties(graph) or _faults_of_holdings(graph) or _rings(graph)


def _faults_of_parties(graph: Graph) -> list[Fault]:
    times = Counter(party.key for party in graph.parties)
    faults = [Fault(FaultCode.TWICE, (key,)) for key, count in times.items() if count > 1]
    company = graph.by_key.get(graph.company)
    if company is None:
        faults.append(Fault(FaultCode.NO_COMPANY))
    elif company.kind is PartyKind.PERSON:
        faults.append(Fault(FaultCode.IS_PERSON, (company.key,)))
    named = {key for holding in graph.holdings for key in (holding.holder, holding.held)}
    named.update(graph.influential, graph.representatives)
    faults += [Fault(FaultCode.UNKNOWN, (key,)) for key in sorted(named - graph.by_key.keys())]
    if faults:
        return faults
    no_persons = [key for key in graph.influential if not graph.by_key[key].counts_as_person]
    no_persons += [key for key in graph.representatives if graph.by_key[key].kind is not PartyKind.PERSON]
    return [Fault(FaultCode.NOT_A_PERSON, (key,)) for key in no_persons]


def _faults_of_holdings(graph: Graph) -> list[Fault]:
    faults = []
    times = Counter((holding.holder, holding.held) for holding in graph.holdings)
    faults += [Fault(FaultCode.HELD_TWICE, pair) for pair, count in times.items() if count > 1]
    for holding in graph.holdings:
        pair = (holding.holder, holding.held)
        if holding.holder == holding.held:
            faults.append(Fault(FaultCode.OWN_SHARES, (holding.held,), holding.share))
        elif graph.by_key[holding.held].kind is PartyKind.PERSON:
            faults.append(Fault(FaultCode.PERSON_HELD, pair, holding.share))
        if holding.share <= 0:
            faults.append(Fault(FaultCode.NOT_POSITIVE, pair, holding.share))
        elif holding.share > 1:
            faults.append(Fault(FaultCode.OVER_WHOLE, pair, holding.share))
    if faults:
        return faults
    sums = {held: sum((one.share for one in holdings), Fraction()) for held, holdings in graph.into.items()}
    return [Fault(FaultCode.SUM_OVER_WHOLE, (held,), total) for held, total in sums.items() if total > 1]


def _rings(graph: Graph) -> list[Fault]:
    """Companies that control themselves."""
    faults = []
    for party in graph.parties:
        if party.kind is PartyKind.PERSON:
            continue
        group = {control.company for control in graph.controlled_by(party.key)}
        total = sum((vote.share for vote in graph.votes_in(party.key, group)), Fraction())
        if total > HALF:
            faults.append(Fault(FaultCode.RING, (party.key,), total))
    return faults


def read_share(text: str) -> Fraction:
    """A share as people write it: "33.4", "33.4%", "400/1200", full-width too. Never a float.

    A bare number is a percentage. Raises NotAShare; what is not positive or too large is for `faults_of` to refuse.
    """
    plain = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", text))
    found = _SHARE.fullmatch(plain)
    if found is None:
        raise NotAShare(text)
    part, whole = Fraction(found["part"]), found["whole"]
    if whole is None:
        return part / 100
    if int(whole) == 0:
        raise NotAShare(text)
    return part / int(whole)


def say_share(share: Fraction) -> str:
    """A share without rounding: a percentage where it ends within six decimals, otherwise the fraction."""
    percent = share * 100
    if (percent * 10**6).denominator != 1:
        return f"{share.numerator}/{share.denominator}"
    whole, rest = divmod(percent.numerator * 10**6 // percent.denominator, 10**6)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") + "%"
