"""Reference numbers: as they are typed by anybody, on anything, and what a slip of the finger is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.numbers import SIGNS, NotANumber, Slip, new_number, read_number, written

BETWEEN = st.text(" \u3000-‐‑–—―−ー－・.\t", max_size=3)
NUMBERS = st.builds(new_number)
FULL_WIDTH = {ord("0") + place: ord("０") + place for place in range(10)}


def refused(typed: str) -> Slip:
    with pytest.raises(NotANumber) as refusal:
        read_number(typed)
    return refusal.value.slip


@given(
    number=NUMBERS, between=st.lists(BETWEEN, min_size=13, max_size=13), is_wide=st.lists(st.booleans(), min_size=12)
)
def test_a_number_is_read_in_any_width_with_any_blanks_and_dashes(
    number: str, between: list[str], is_wide: list[bool]
) -> None:
    digits = [digit.translate(FULL_WIDTH) if wide else digit for digit, wide in zip(number, is_wide, strict=False)]
    typed = "".join(gap + digit for gap, digit in zip(between, digits, strict=False)) + between[-1]
    if len(typed) <= 40:
        assert read_number(typed) == number
    else:
        assert read_number(written("".join(digits))) == number


@given(number=NUMBERS, place=st.integers(0, 11), other=st.integers(1, 9))
def test_every_wrong_digit_is_called_a_slip(number: str, place: int, other: int) -> None:
    wrong = str((int(number[place]) + other) % 10)
    assert refused(number[:place] + wrong + number[place + 1 :]) is Slip.DIGIT


@given(number=NUMBERS, place=st.integers(0, 10))
def test_every_swap_of_neighbours_is_called_a_slip(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped == number:
        assert read_number(swapped) == number
    else:
        assert refused(swapped) is Slip.DIGIT


@given(st.text())
def test_whatever_is_typed_is_a_number_or_is_refused(typed: str) -> None:
    """Never an error, never something else than the twelve digits or the ten signs."""
    try:
        number = read_number(typed)
    except NotANumber:
        return
    assert len(number) in (10, 12)
    assert number.isascii()


@pytest.mark.parametrize(
    "typed", ["", "1", "1" * 11, "1" * 13, "4821-7035-916", "٤٨٢١٧٠٣٥٩١٦٤", "4821-7035-916O", "9" * 5_000]
)
def test_what_is_too_short_too_long_or_no_digits_is_told_apart(typed: str) -> None:
    assert refused(typed) is Slip.LENGTH


def test_it_is_written_in_fours_and_says_nothing_by_its_order() -> None:
    assert written("482170359164") == "4821-7035-9164"
    assert written("") == ""
    drawn = [new_number() for _ in range(1_000)]
    assert len(set(drawn)) == 1_000
    assert drawn != sorted(drawn)
    assert {len(number) for number in drawn} == {12}
    assert {number[0] for number in drawn} == set("0123456789"), "the first digit is as good as any"


def test_the_ten_signs_of_before_are_still_read() -> None:
    """Of notices that were sent before; a check sign found each wrong sign then."""
    number = "K7F3MW9RXG"
    right = next(number[:9] + sign for sign in SIGNS if _is_read(number[:9] + sign))
    assert read_number(f"{right[:5].lower()}-{right[5:]}") == right
    assert written(right) == f"{right[:5]}-{right[5:]}"
    assert refused(right[:9] + SIGNS[(SIGNS.index(right[9]) + 1) % 29]) is Slip.DIGIT


def _is_read(number: str) -> bool:
    try:
        return read_number(number) == number
    except NotANumber:
        return False
