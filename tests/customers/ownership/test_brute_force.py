"""Random graphs against a calculation that goes about it in another way: over every set of companies."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from random import Random

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from customers.ownership.graph import FaultCode, Graph, Holding, Party, PartyKind, faults_of, read_share
from customers.ownership.rules import Rule, owners_of

COMPANIES = ("C", "A", "B", "D")
PERSONS = ("甲", "乙", "丙")
# How the votes of one company may be split: on the thresholds, beside them, in thirds, and once into too much.
SPLITS = [
    [read_share(text) for text in split.split()]
    for split in (
        "", "100", "50.1 25.1", "50 50", "1/3 1/3 1/3", "60 40", "51 26", "30 30 40", "25 25 50", "26 25.1 24 10",
        "20.1 30 10 20", "2/3 1/3", "50.1 49.9", "34 33 33", "60 41",
    )
]  # fmt: skip
COMPANY_KINDS = [PartyKind.COMPANY] * 5 + [PartyKind.ENTITY, PartyKind.PUBLIC]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Chains, companies held together, circles, rings; nothing is kept out that a person could enter."""
    kinds = {key: draw(st.sampled_from(COMPANY_KINDS)) for key in COMPANIES[1:]}
    kinds |= {"C": draw(st.sampled_from(COMPANY_KINDS[:-1]))}
    kinds |= dict.fromkeys(PERSONS, PartyKind.PERSON)
    parties = tuple(Party(key, key, kind, draw(st.integers(0, 9)) == 0) for key, kind in kinds.items())
    holdings: list[Holding] = []
    for held in COMPANIES:
        split = draw(st.sampled_from(SPLITS))
        holders = draw(st.permutations([key for key in kinds if key != held]))
        holdings += [Holding(holder, held, part) for holder, part in zip(holders, split, strict=False)]
    influential = tuple(draw(st.lists(st.sampled_from(PERSONS), unique=True, max_size=1)))
    representatives = tuple(draw(st.lists(st.sampled_from(PERSONS), unique=True, max_size=2)))
    return Graph("C", parties, tuple(holdings), influential, representatives)


def share(graph: Graph, holder: str, held: str) -> Fraction:
    return sum((one.share for one in graph.holdings if (one.holder, one.held) == (holder, held)), Fraction())


def closed_sets(graph: Graph, holder: str) -> Iterator[frozenset[str]]:
    """Sets of companies outside which nothing is controlled by the holder together with the set."""
    kinds = {party.key: party.kind for party in graph.parties}
    able = [key for key in COMPANIES if kinds[key] in (PartyKind.COMPANY, PartyKind.ENTITY) and key != holder]
    for size in range(len(able) + 1):
        for chosen in combinations(able, size):
            group = {holder, *chosen}
            outside = (key for key in able if key not in group)
            if all(sum(share(graph, one, key) for one in group) <= Fraction(1, 2) for key in outside):
                yield frozenset(chosen)


def controlled(graph: Graph, holder: str) -> frozenset[str]:
    """The smallest closed set: what all of them have in common."""
    return frozenset.intersection(*closed_sets(graph, holder))


def brute_totals(graph: Graph) -> dict[str, Fraction]:
    """What each natural person, or who is taken for one, has of the company."""
    by_votes = next(party.kind for party in graph.parties if party.key == "C") is PartyKind.COMPANY
    totals = {}
    for party in graph.parties:
        if party.kind in (PartyKind.PERSON, PartyKind.PUBLIC):
            through = controlled(graph, party.key) - {"C"} if by_votes else frozenset()
            totals[party.key] = sum((share(graph, one, "C") for one in {party.key, *through}), Fraction())
    return totals


def brute_owners(graph: Graph) -> set[str]:
    """By the steps of §11 (2), written down once more."""
    kinds = {party.key: party.kind for party in graph.parties}
    unwilling = {party.key for party in graph.parties if party.is_without_will}
    able = {key: total for key, total in brute_totals(graph).items() if key not in unwilling}
    most = {key for key, total in able.items() if total > Fraction(1, 2)}
    many = {key for key, total in able.items() if total > Fraction(1, 4)}
    owners = most or many
    if kinds["C"] is PartyKind.ENTITY:
        owners = owners | set(graph.influential)
    return owners or set(graph.influential) or set(graph.representatives)


def brute_refused(graph: Graph) -> bool:
    """More than the whole of something, or a company inside what it controls itself."""
    kinds = {party.key: party.kind for party in graph.parties}
    over = any(sum(share(graph, holder, held) for holder in kinds) > 1 for held in COMPANIES)
    return over or any(
        sum(share(graph, one, key) for one in controlled(graph, key)) > Fraction(1, 2) for key in COMPANIES
    )


RING = Graph(
    "C",
    tuple(Party(key, key, PartyKind.COMPANY) for key in COMPANIES),
    (Holding("C", "A", Fraction(2, 3)), Holding("A", "C", Fraction(2, 3))),
)


@given(graphs())
@example(RING)
@settings(max_examples=400, deadline=None)
def test_the_rule_and_brute_force_name_the_same_owners(graph: Graph) -> None:
    faults = {fault.code for fault in faults_of(graph)}
    assert faults <= {FaultCode.SUM_OVER_WHOLE, FaultCode.RING}
    assert bool(faults) == brute_refused(graph)
    if faults:
        return
    result = owners_of(graph)
    assert {owner.party.key for owner in result.owners} == brute_owners(graph)
    totals = brute_totals(graph)
    stakes = [owner.stake for owner in result.owners if owner.stake] + [one.stake for one in result.set_aside]
    assert {stake.party.key: stake.total for stake in stakes} == {key: total for key, total in totals.items() if total}


@given(graphs())
@settings(max_examples=120, deadline=None)
def test_each_stake_shows_the_control_it_rests_on(graph: Graph) -> None:
    """Read as it stands, the explanation proves itself."""
    assume(not faults_of(graph))
    for owner in owners_of(graph).owners:
        if owner.stake is None:
            continue
        proven = {owner.party.key}
        for control in owner.stake.controls:
            assert {vote.holder for vote in control.votes} <= proven
            assert control.total > Fraction(1, 2)
            assert all(vote in graph.holdings and vote.held == control.company for vote in control.votes)
            proven.add(control.company)
        assert {holding.holder for holding in owner.stake.through} <= proven


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_in_which_things_were_entered_changes_nothing(graph: Graph, random: Random) -> None:
    assume(not faults_of(graph))
    parties, holdings = list(graph.parties), list(graph.holdings)
    random.shuffle(parties)
    random.shuffle(holdings)
    shuffled = Graph("C", tuple(parties), tuple(holdings), graph.influential, graph.representatives)
    assert {(owner.party.key, owner.rule) for owner in owners_of(graph).owners} == {
        (owner.party.key, owner.rule) for owner in owners_of(shuffled).owners
    }


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_nobody_is_left_out_without_a_reason(graph: Graph) -> None:
    assume(not faults_of(graph))
    result = owners_of(graph)
    by_share = {owner.party.key for owner in result.owners if owner.stake}
    aside = {one.stake.party.key for one in result.set_aside}
    assert by_share | aside == {key for key, total in brute_totals(graph).items() if total}
    assert not by_share & aside
    if any(owner.rule in (Rule.MAJORITY, Rule.RIGHTS_MAJORITY) for owner in result.owners):
        assert result.gaps == ()
