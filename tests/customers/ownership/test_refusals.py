"""Graphs that cannot be true are refused, each fault with its reason."""

from __future__ import annotations

from fractions import Fraction

import pytest

from customers.ownership.graph import FaultCode, Graph, GraphRefused, Holding, Party, PartyKind, faults_of
from customers.ownership.rules import owners_of
from tests.customers.ownership.graphs import graph

LISTED = {"L": PartyKind.PUBLIC}
HALF = Fraction(1, 2)
C, YAMADA = Party("C", "C", PartyKind.COMPANY), Party("山田", "山田", PartyKind.PERSON)

REFUSED: dict[str, tuple[Graph, FaultCode]] = {
    "the company is missing": (Graph("C", (YAMADA,)), FaultCode.NO_COMPANY),
    "a person has no owners": (graph("山田", {}), FaultCode.IS_PERSON),
    "one party twice": (Graph("C", (C, C)), FaultCode.TWICE),
    "a holder nobody knows": (Graph("C", (C,), (Holding("山田", "C", HALF),)), FaultCode.UNKNOWN),
    "something held nobody knows": (Graph("C", (C, YAMADA), (Holding("山田", "B", HALF),)), FaultCode.UNKNOWN),
    "influence of nobody known": (Graph("C", (C,), influential=("山田",)), FaultCode.UNKNOWN),
    "nothing": (graph("C", {"山田 > C": "0"}), FaultCode.NOT_POSITIVE),
    "less than nothing": (Graph("C", (C, YAMADA), (Holding("山田", "C", -HALF),)), FaultCode.NOT_POSITIVE),
    "more than everything": (graph("C", {"山田 > C": "100.000001"}), FaultCode.OVER_WHOLE),
    "together more than everything": (graph("C", {"山田 > C": "60", "鈴木 > C": "40.01"}), FaultCode.SUM_OVER_WHOLE),
    "thirds and a little": (
        graph("C", {"甲 > C": "1/3", "乙 > C": "1/3", "丙 > C": "33.34"}),
        FaultCode.SUM_OVER_WHOLE,
    ),
    "somebody holds a person": (graph("C", {"A > 山田": "10", "山田 > C": "60"}), FaultCode.PERSON_HELD),
    "own shares": (graph("C", {"C > C": "10", "山田 > C": "60"}), FaultCode.OWN_SHARES),
    "the same holding twice": (
        Graph("C", (C, YAMADA), (Holding("山田", "C", HALF), Holding("山田", "C", HALF))),
        FaultCode.HELD_TWICE,
    ),
    "two companies that control each other": (graph("C", {"A > C": "60", "C > A": "60"}), FaultCode.RING),
    "a ring of three above the company": (graph("C", {"A > B": "51", "B > D": "51", "D > A": "51"}), FaultCode.RING),
    "a ring by two halves": (
        graph("C", {"C > A": "60", "C > B": "60", "A > C": "30", "B > C": "30"}),
        FaultCode.RING,
    ),
    "a ring through a listed company": (graph("L", {"L > A": "60", "A > L": "60"}, kinds=LISTED), FaultCode.RING),
    "a company as representative": (graph("C", {}, representatives=["A"]), FaultCode.NOT_A_PERSON),
    "a company of influence": (graph("C", {}, influential=["A"]), FaultCode.NOT_A_PERSON),
}


@pytest.mark.parametrize("why", REFUSED)
def test_it_is_refused_with_the_reason(why: str) -> None:
    refused, code = REFUSED[why]
    with pytest.raises(GraphRefused) as error:
        owners_of(refused)
    assert {fault.code for fault in error.value.faults} == {code}
    assert str(error.value) == str(code)


def test_every_reason_is_tried_here() -> None:
    assert {code for _, code in REFUSED.values()} == set(FaultCode)


def test_all_faults_of_a_kind_are_named_at_once() -> None:
    wrong = graph("C", {"甲 > C": "0", "乙 > C": "200", "C > C": "5"})
    assert {fault.code for fault in faults_of(wrong)} == {
        FaultCode.NOT_POSITIVE,
        FaultCode.OVER_WHOLE,
        FaultCode.OWN_SHARES,
    }


def test_the_whole_and_not_more_is_accepted() -> None:
    """Control: the boundary itself."""
    assert faults_of(graph("C", {"山田 > C": "100"})) == []
    assert faults_of(graph("C", {"甲 > C": "1/3", "乙 > C": "1/3", "丙 > C": "1/3"})) == []


def test_a_circle_without_control_is_accepted() -> None:
    """Control of the rings: exactly a half controls nothing."""
    assert faults_of(graph("C", {"A > C": "50", "C > A": "60"})) == []
