"""Who the beneficial owners are: examples that ministries and banks publish, and what the rule's words demand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from customers.ownership.graph import Graph, PartyKind
from customers.ownership.rules import ARTICLES, Reason, Result, Rule, owners_of
from tests.customers.ownership.graphs import graph

type Named = dict[str, tuple[Rule, Fraction | None]]


def named(result: Result) -> Named:
    return {owner.party.key: (owner.rule, owner.stake.total if owner.stake else None) for owner in result.owners}


def percent(whole: int) -> Fraction:
    return Fraction(whole, 100)


# Each with where it is published.
PUBLISHED = {
    "岡山地方法務局「実質的支配者リスト制度について」6(2): 代表者40%、代表者以外が直接6%・間接20%": (
        graph("C", {"代表 > C": "40", "乙 > C": "6", "A > C": "20", "乙 > A": "51"}, representatives=["代表"]),
        {"代表": (Rule.QUARTER, percent(40)), "乙": (Rule.QUARTER, percent(26))},
    ),
    "岡山地方法務局 同6(1): 代表者が100%を直接保有": (
        graph("C", {"代表 > C": "100"}, representatives=["代表"]),
        {"代表": (Rule.MAJORITY, percent(100))},
    ),
    "エポスオーナーズネット: A社が26%、その51%を株主Bが保有": (
        graph("C", {"A > C": "26", "株主B > A": "51"}),
        {"株主B": (Rule.QUARTER, percent(26))},
    ),
    "エポスオーナーズネット: 株主BのA社への保有が50%以下なら該当しない": (
        graph("C", {"A > C": "26", "株主B > A": "50"}, representatives=["代表"]),
        {"代表": (Rule.REPRESENTATIVE, None)},
    ),
    "住信SBIネット銀行 例1: B社を通じて60%を間接保有": (
        graph("A", {"B > A": "60", "C氏 > B": "51"}, kinds={"C氏": PartyKind.PERSON}),
        {"C氏": (Rule.MAJORITY, percent(60))},
    ),
    "住信SBIネット銀行 例2: 直接10%と、E社を通じて20%": (
        graph("D", {"F氏 > D": "10", "E > D": "20", "F氏 > E": "60"}, kinds={"F氏": PartyKind.PERSON}),
        {"F氏": (Rule.QUARTER, percent(30))},
    ),
    "三井住友銀行「実質的支配者について」: 直接15%と間接30%で45%": (
        graph("C", {"ａ氏 > C": "15", "B > C": "30", "ａ氏 > B": "50.1"}),
        {"ａ氏": (Rule.QUARTER, percent(45))},
    ),
    "マネックス証券 FAQ818 ケース1: B社の50%超、B社を通じC社の30%": (
        graph("C", {"B > C": "30", "ａさん > B": "70"}),
        {"ａさん": (Rule.QUARTER, percent(30))},
    ),
    "note「実質的支配者の判断」①: 80%と20%": (
        graph("A", {"鈴木 > A": "80", "加藤 > A": "20"}),
        {"鈴木": (Rule.MAJORITY, percent(80))},
    ),
    "note 同②: 50%ずつ": (
        graph("A", {"鈴木 > A": "50", "加藤 > A": "50"}),
        {"鈴木": (Rule.QUARTER, percent(50)), "加藤": (Rule.QUARTER, percent(50))},
    ),
    "note 同③: 27%が一人、ほかは25%以下": (
        graph("A", {"鈴木 > A": "27", "加藤 > A": "23", "松本 > A": "20", "田中 > A": "20", "後藤 > A": "10"}),
        {"鈴木": (Rule.QUARTER, percent(27))},
    ),
    "電子入札コアシステム den-te Q9-14: 上場企業が25%超なら個人とみなし、ほかの25%超も併せて": (
        graph("C", {"上場 > C": "40", "山田 > C": "30"}, kinds={"上場": PartyKind.PUBLIC}),
        {"上場": (Rule.QUARTER, percent(40)), "山田": (Rule.QUARTER, percent(30))},
    ),
    "kikuringworld 2024-11-01: 完全親会社の90%株主": (
        graph("B", {"A > B": "100", "x > A": "90", "y > A": "5", "z > A": "3", "q > A": "2"}),
        {"x": (Rule.MAJORITY, percent(100))},
    ),
}


@pytest.mark.parametrize("source", PUBLISHED)
def test_a_published_example_comes_out_as_published(source: str) -> None:
    given, expected = PUBLISHED[source]
    assert named(owners_of(given)) == expected


def test_a_chain_counts_whole_and_is_no_product() -> None:
    """51 % of a company with 26 %: a product would give 13 % and name nobody."""
    chain = graph("C", {"山田 > A": "51", "A > B": "51", "B > C": "26"}, representatives=["代表"])
    [owner] = owners_of(chain).owners
    assert owner.stake is not None
    assert (owner.party.key, owner.stake.total) == ("山田", percent(26))
    assert [control.company for control in owner.stake.controls] == ["A", "B"]
    assert [holding.holder for holding in owner.stake.through] == ["B"]


def test_votes_of_several_controlled_companies_add_up_to_control_of_another() -> None:
    """§11 (3)(ii), last sentence: the person and the companies they control, together."""
    together = {"山田 > A": "60", "A > B": "30", "山田 > B": "21", "B > C": "40"}
    assert named(owners_of(graph("C", together))) == {"山田": (Rule.QUARTER, percent(40))}
    assert owners_of(graph("C", together | {"山田 > B": "20"})).owners == ()


@pytest.mark.parametrize(("share", "rule"), [("50", Rule.QUARTER), ("50.000001", Rule.MAJORITY)])
def test_exactly_a_half_is_not_more_than_a_half(share: str, rule: Rule) -> None:
    assert named(owners_of(graph("C", {"山田 > C": share})))["山田"][0] is rule


def test_exactly_a_quarter_is_not_more_than_a_quarter() -> None:
    quarters = graph("C", {f"{name} > C": "25" for name in "甲乙丙丁"}, representatives=["甲"])
    result = owners_of(quarters)
    assert named(result) == {"甲": (Rule.REPRESENTATIVE, None)}
    assert {one.reason for one in result.set_aside} == {Reason.NOT_ABOVE_QUARTER}


def test_three_thirds_are_three_owners() -> None:
    """No float could say that three thirds are the whole."""
    thirds = graph("C", {f"{name} > C": "1/3" for name in "甲乙丙"})
    assert set(named(owners_of(thirds))) == {"甲", "乙", "丙"}


def test_more_than_a_half_shuts_out_a_large_minority() -> None:
    result = owners_of(graph("C", {"山田 > C": "51", "鈴木 > C": "49"}))
    assert set(named(result)) == {"山田"}
    assert [(one.stake.party.key, one.reason) for one in result.set_aside] == [("鈴木", Reason.OTHER_ABOVE_HALF)]


def test_who_clearly_cannot_control_is_set_aside_and_shuts_out_nobody() -> None:
    """法務省「実質的支配者リスト制度」: 「(1)に該当する者がいない場合は」25%超."""
    result = owners_of(graph("C", {"信託 > C": "60", "鈴木 > C": "30"}, without_will=["信託"]))
    assert named(result) == {"鈴木": (Rule.QUARTER, percent(30))}
    assert [(one.stake.party.key, one.reason) for one in result.set_aside] == [("信託", Reason.WITHOUT_WILL)]


def test_influence_is_asked_for_only_where_nobody_owns_enough() -> None:
    small = {f"{name} > C": "20" for name in "甲乙丙丁戊"}
    assert named(owners_of(graph("C", small, influential=["創業者"], representatives=["代表"]))) == {
        "創業者": (Rule.INFLUENCE, None)
    }
    large = graph("C", {"山田 > C": "26"}, influential=["創業者"], representatives=["代表"])
    assert set(named(owners_of(large))) == {"山田"}


def test_every_representative_is_named_last() -> None:
    assert named(owners_of(graph("C", {}, representatives=["甲", "乙"]))) == {
        "甲": (Rule.REPRESENTATIVE, None),
        "乙": (Rule.REPRESENTATIVE, None),
    }


def test_a_listed_company_or_the_state_has_no_owner_to_confirm() -> None:
    """法 §4 (5); きらぼしライフデザイン証券「国等に該当する場合は、実質的支配者のご確認は不要」."""
    result = owners_of(graph("L", {"山田 > L": "60"}, kinds={"L": PartyKind.PUBLIC}))
    assert result.is_exempt
    assert result.owners == ()


def test_a_listed_company_stands_at_the_end_of_the_chain() -> None:
    listed = graph("C", {"L > C": "100", "山田 > L": "60"}, kinds={"L": PartyKind.PUBLIC})
    result = owners_of(listed)
    assert named(result) == {"L": (Rule.MAJORITY, percent(100))}
    assert [(one.holding.holder, one.reason) for one in result.uncounted] == [("山田", Reason.BEHIND_PUBLIC)]


def test_a_listed_company_owns_through_its_subsidiary() -> None:
    through = graph("C", {"L > S": "100", "S > C": "20", "L > C": "20"}, kinds={"L": PartyKind.PUBLIC})
    assert named(owners_of(through)) == {"L": (Rule.QUARTER, percent(40))}


def test_a_subsidiary_entered_as_such_is_named_itself() -> None:
    kinds = {"L": PartyKind.PUBLIC, "S": PartyKind.PUBLIC}
    through = graph("C", {"L > S": "100", "S > C": "60"}, kinds=kinds)
    assert set(named(owners_of(through))) == {"S"}


ENTITY = {"E": PartyKind.ENTITY}


def test_of_other_legal_persons_rights_and_influence_stand_side_by_side() -> None:
    """§11 (2)(iii): 「次のイ又はロに該当する自然人」."""
    both = graph("E", {"甲 > E": "60", "乙 > E": "30"}, kinds=ENTITY, influential=["丙"], representatives=["丁"])
    assert named(owners_of(both)) == {
        "甲": (Rule.RIGHTS_MAJORITY, percent(60)),
        "丙": (Rule.RIGHTS_INFLUENCE, None),
    }


def test_of_other_legal_persons_only_rights_held_directly_count() -> None:
    """§11 (3) speaks of the case of (2)(i) alone."""
    indirect = graph("E", {"A > E": "60", "甲 > A": "100", "乙 > E": "30"}, kinds=ENTITY)
    result = owners_of(indirect)
    assert named(result) == {"乙": (Rule.RIGHTS_QUARTER, percent(30))}
    assert [(one.holding.holder, one.reason) for one in result.uncounted] == [("A", Reason.NOT_DIRECT)]


def test_an_entity_without_owners_falls_back_on_its_representative() -> None:
    assert named(owners_of(graph("E", {}, kinds=ENTITY, representatives=["理事"]))) == {
        "理事": (Rule.REPRESENTATIVE, None)
    }


def test_companies_that_hold_each_other_are_counted() -> None:
    """会社法 §308 (1): their votes cannot be cast, and the rule counts them all the same."""
    crossed = graph("C", {"山田 > A": "60", "A > C": "30", "C > A": "30"})
    assert named(owners_of(crossed)) == {"山田": (Rule.QUARTER, percent(30))}


def test_what_counts_for_nobody_is_explained() -> None:
    result = owners_of(graph("C", {"A > C": "40", "山田 > A": "50", "鈴木 > A": "50"}, representatives=["代表"]))
    assert [(one.holding.holder, one.holding.held, one.reason) for one in result.uncounted] == [
        ("A", "C", Reason.NOBODY_CONTROLS),
        ("山田", "A", Reason.NOT_CONTROLLED),
        ("鈴木", "A", Reason.NOT_CONTROLLED),
    ]


def test_unknown_holders_are_named_as_long_as_they_could_matter() -> None:
    open_ones = owners_of(graph("C", {"山田 > C": "30", "A > C": "40", "鈴木 > A": "60"}))
    assert {(gap.company, gap.share) for gap in open_ones.gaps} == {("C", percent(30)), ("A", percent(40))}
    decided = owners_of(graph("C", {"山田 > C": "51"}))
    assert decided.gaps == ()


def test_every_rule_cites_its_article() -> None:
    assert ARTICLES.keys() == set(Rule)
    assert all(article.startswith("犯収法") and "条" in article for article in ARTICLES.values())


def test_nobody_at_all_is_said_and_not_invented() -> None:
    empty: Graph = graph("C", {})
    assert owners_of(empty) == Result((), gaps=owners_of(empty).gaps)
    assert [gap.share for gap in owners_of(empty).gaps] == [1]
