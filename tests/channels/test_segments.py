"""How short messages are counted and charged: published vectors, and a count made in another way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.segments import BASIC, EXTENDED, cost_yen, count_segments, fits, is_gsm, length_of
from sandbox.segments import count_segments as count_of_the_sandbox

ALPHABET = st.sampled_from(sorted(BASIC | EXTENDED)) | st.characters(codec="utf-8")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("あ" * 70, 1), ("あ" * 71, 2), ("あ" * 134, 2), ("あ" * 135, 3), ("あ" * 660, 10), ("あ" * 670, 10),
        ("𠮷" * 35, 1), ("𠮷" * 36, 2), ("𠮷" * 66, 2), ("𠮷" * 67, 3),  # 33 of them a part: none is cut
        ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3),
        ("€" * 80, 1), ("€" * 81, 2), ("€" * 152, 2), ("€" * 153, 3),  # 76 a part, for the same reason
        ("a" * 159 + "~", 2), ("a" * 158 + "~", 1), ("a" * 152 + "€" + "a" * 152, 3),
        ("a" * 159 + "あ", 3), ("カ" * 70, 1), ("ｶ" * 71, 2), ("a" * 69 + "😀", 2), ("`" * 71, 2),
    ],
)  # fmt: skip
def test_texts_are_cut_as_carriers_cut_them(text: str, parts: int) -> None:
    assert count_segments(text) == parts


@pytest.mark.parametrize(
    ("text", "does"), [("あ" * 660, True), ("あ" * 661, False), ("𠮷" * 330, True), ("𠮷" * 331, False)]
)
def test_six_hundred_and_sixty_is_the_longest_that_every_carrier_shows(text: str, does: bool) -> None:
    assert fits(text) is does


def test_a_text_costs_its_parts() -> None:
    assert cost_yen("あ" * 71, Decimal("8.8")) == Decimal("17.6")
    assert cost_yen("a" * 71, Decimal("8.8")) == Decimal("8.8")


@given(st.text(ALPHABET, max_size=700))
def test_the_count_is_that_of_anybody_who_fills_parts_one_by_one(text: str) -> None:
    """Filled here from the front, with what a part holds; and as the sandbox counts."""
    alone, part = (160, 153) if is_gsm(text) else (70, 67)
    sizes = [2 if char in EXTENDED else 1 for char in text] if is_gsm(text) else [length_of(char) for char in text]
    filled: list[int] = [0]
    for size in sizes:
        if filled[-1] + size > part:
            filled.append(0)
        filled[-1] += size
    assert count_segments(text) == (1 if sum(sizes) <= alone else len(filled)) == count_of_the_sandbox(text)
    assert sum(filled) == sum(sizes)


@given(st.text(ALPHABET, max_size=300), st.text(ALPHABET, max_size=20))
def test_a_longer_text_never_costs_less(text: str, more: str) -> None:
    assert count_segments(text) <= count_segments(text + more)
