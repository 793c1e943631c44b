"""Shares as people write them, exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.ownership.graph import NotAShare, read_share, say_share


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("50", Fraction(1, 2)),
        ("33.34%", Fraction(3334, 10000)),
        ("２５．０１％", Fraction(2501, 10000)),
        ("1/3", Fraction(1, 3)),
        ("400／1,200", Fraction(1, 3)),
        (" 0.1 %", Fraction(1, 1000)),
        ("0", Fraction(0)),
        ("150%", Fraction(3, 2)),
    ],
)
def test_a_share_is_read_exactly(text: str, share: Fraction) -> None:
    assert read_share(text) == share


@pytest.mark.parametrize("text", ["", "半分", "-5", "1/0", "1e3", "5%%", "1/2/3", "NaN", "½ほど", "9" * 40, "1/2%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(NotAShare):
        read_share(text)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(1, 2), "50%"),
        (Fraction(1, 3), "1/3"),
        (Fraction(25_000001, 100_000000), "25.000001%"),
        (Fraction(1), "100%"),
        (Fraction(3), "300%"),
        (Fraction(0), "0%"),
    ],
)
def test_a_share_is_said_without_rounding(share: Fraction, text: str) -> None:
    """A quarter and a hair more must not read as a quarter."""
    assert say_share(share) == text


@given(st.fractions(min_value=0, max_value=2, max_denominator=10**12))
def test_what_is_said_is_read_back_as_the_same_share(share: Fraction) -> None:
    assert read_share(say_share(share)) == share
