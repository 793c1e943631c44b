"""Folding for search and matching: what must meet, and what must stay apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.folding import digits_of, fold, fold_address, fold_kana, fold_name, fold_number


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("株式会社あさなぎ商事", "㈱アサナギ商事"),
        ("（株）ｱｻﾅｷﾞ商事", "アサナギ商事 株式会社"),
        ("髙﨑　花子", "高崎花子"),
        ("渡邊 一郎", "渡辺一郎"),
        ("ＮＧＵＹＥＮ　Van An", "nguyen van an"),
        ("葛\U000e0100城", "葛城"),
        ("が", "か\u3099"),
        ("Asanagi Trading Co., Ltd.", "ASANAGI TRADING"),
    ],
)
def test_names_that_mean_the_same_meet(left: str, right: str) -> None:
    """P3"""
    assert fold_name(left) == fold_name(right)


@pytest.mark.parametrize(
    ("left", "right"), [("山田太郎", "山田次郎"), ("あさなぎ商事", "あさなぎ物産"), ("株式会社", "有限会社")]
)
def test_names_that_differ_stay_apart(left: str, right: str) -> None:
    assert fold_name(left) != fold_name(right)


def test_a_name_that_is_only_a_legal_form_does_not_vanish() -> None:
    assert fold_name("株式会社") == "株式会社"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ｻﾄｳ ｷﾖｳｺ", "サトウ　キョウコ"),
        ("さとう　きょうこ", "サトウ キョウコ"),
        ("カ）アサナギシヨウジ", "カブシキガイシャアサナギショウジ"),
        ("ｱｻﾅｷﾞｼｮｳｼﾞ（ｶ", "アサナギショウジ"),
        ("ローマ", "ロ－マ"),
    ],
)
def test_readings_meet_as_bank_systems_print_them(left: str, right: str) -> None:
    assert fold_kana(left) == fold_kana(right)


def test_a_reading_that_begins_like_a_legal_form_is_kept() -> None:
    assert fold_kana("カトウ　ユウドウ") == "カトウユウドウ"


@pytest.mark.parametrize(
    "other", ["東京都港区芝１−２−３", "東京都港区芝1丁目2番3号", "東京都港区芝 1丁目2番地3", "東京都港区芝１ー２ー３"]
)
def test_addresses_meet_however_the_block_is_written(other: str) -> None:
    assert fold_address(other) == fold_address("東京都港区芝1-2-3")


def test_a_block_and_another_block_stay_apart() -> None:
    assert fold_address("芝1-2-3") != fold_address("芝12-3")


def test_numbers_and_digits_lose_width_and_spaces() -> None:
    assert fold_number(" ａｂ-１２ ") == "AB-12"
    assert digits_of("〒１００−0005") == "1000005"


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold_kana(text)
    assert fold(fold(text)) == fold(text) or "İ" in text
    assert " " not in once
    assert "　" not in once
