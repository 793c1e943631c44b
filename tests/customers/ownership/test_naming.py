"""Owners as somebody named them beside those that were calculated."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.ownership.naming import Calculated, Match, Named, beside

HALF = Fraction(1, 2)
THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("named", "calculated", "expected"),
    [
        pytest.param(Named("髙﨑 花子"), Calculated("高崎　花子"), [Match.AGREES], id="old kanji and width"),
        pytest.param(Named("A", "1960-04-01"), Calculated("A"), [Match.AGREES], id="one side without a date of birth"),
        pytest.param(
            Named("A", "1960-04-01"),
            Calculated("A", "1961-04-01"),
            [Match.ONLY_NAMED, Match.ONLY_CALCULATED],
            id="father and son",
        ),
        pytest.param(Named("A"), Calculated("B"), [Match.ONLY_NAMED, Match.ONLY_CALCULATED], id="somebody else"),
        pytest.param(Named("A", share="50"), Calculated("A", share=HALF), [Match.AGREES], id="the same share"),
        pytest.param(Named("A", share="40"), Calculated("A", share=HALF), [Match.SHARE_DIFFERS], id="another share"),
        pytest.param(Named("A", share="33"), Calculated("A", share=THIRD), [Match.AGREES], id="cut"),
        pytest.param(Named("A", share="33.3"), Calculated("A", share=THIRD), [Match.AGREES], id="cut at one place"),
        pytest.param(Named("A", share="34.3"), Calculated("A", share=THIRD), [Match.SHARE_DIFFERS], id="too much"),
        pytest.param(Named("A", share="most"), Calculated("A", share=HALF), [Match.SHARE_DIFFERS], id="no share"),
        pytest.param(Named("A"), Calculated("A", share=HALF), [Match.AGREES], id="not said"),
        pytest.param(Named("A", share="10"), Calculated("A"), [Match.AGREES], id="an owner without votes"),
    ],
)
def test_one_owner_on_both_sides(named: Named, calculated: Calculated, expected: list[Match]) -> None:
    assert [pair.match for pair in beside([named], [calculated])] == expected


_names = st.lists(st.sampled_from("ABCDE"), max_size=6)


@given(named=_names, calculated=_names)
def test_everybody_on_either_side_is_there_once(named: list[str], calculated: list[str]) -> None:
    pairs = beside([Named(one) for one in named], [Calculated(one) for one in calculated])
    assert [pair.named.name for pair in pairs if pair.named] == named
    assert sorted(pair.calculated.name for pair in pairs if pair.calculated) == sorted(calculated)
    both = sum(min(named.count(one), calculated.count(one)) for one in set(named))
    assert sum(pair.match is Match.AGREES for pair in pairs) == both
