"""Comparing the file with an answer: what is the same thing written differently, and what is not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.comparing import Difference, Kind, Severity, compare, fold, worsens_risk

FIELDS = ["name", "kana", "address", "postal_code", "phone", "email", "occupation", "purpose", "birth_on"]
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
DASHES = "-‐‑–—−－─"

texts = st.text(
    st.sampled_from("東京都中央区一二三丁目番号株式会社あさなぎアサナギABCabc0123456789- 　()"), max_size=30
)


@pytest.mark.parametrize(
    ("field", "known", "answer"),
    [
        ("address", "東京都中央区日本橋一丁目2番3号", "東京都中央区日本橋１－２－３"),
        ("address", "東京都中央区日本橋1丁目2番地の3", "東京都中央区日本橋1-2-3"),
        ("address", "札幌市中央区北一条西二十丁目1番", "札幌市中央区北1条西20-1"),
        ("address", "横浜市緑区霧が丘3-4-5 コーポ青葉 101号室", "横浜市緑区霧ヶ丘３丁目４番５号コーポ青葉１０１"),
        ("phone", "03-1234-5678", "０３（１２３４）５６７８"),
        ("phone", "+81 90-1234-5678", "09012345678"),
        ("name", "髙橋　一郎", "高橋 一郎"),
        ("name", "㈱山﨑商店", "株式会社山崎商店"),
        ("name", "(有)あさひ", "有限会社あさひ"),
        ("kana", "ﾔﾏｻﾞｷ ｷｮｳｺ", "やまざききょうこ"),
        ("kana", "ｷﾖｳｺ", "キョウコ"),
        ("email", "Taro@Example.JP", "taro@example.jp"),
        ("postal_code", "103-0027", "1030027"),
        ("birth_on", "1950-01-02", "1950/01/02"),
    ],
)
def test_another_way_of_writing_is_no_difference(field: str, known: str, answer: str) -> None:
    assert compare({field: known}, {field: answer}, [field]) == []


@pytest.mark.parametrize(
    ("field", "known", "answer"),
    [
        ("address", "東京都中央区日本橋1-2-3", "東京都中央区日本橋1-23"),
        ("address", "東京都千代田区四番町1-2", "東京都千代田区五番町1-2"),
        ("address", "港区芝1-2-3-101", "港区芝1-2-3-102"),
        ("name", "斎藤一郎", "斉藤一郎"),
        ("name", "株式会社あさひ", "合同会社あさひ"),
        ("phone", "0312345678", "0312345679"),
        ("handles_cash", True, False),
    ],
)
def test_another_thing_is_a_difference(field: str, known: object, answer: object) -> None:
    assert [d.kind for d in compare({field: known}, {field: answer}, [field])] == [Kind.CHANGED]


@given(st.dictionaries(st.sampled_from(FIELDS), texts, min_size=1))
def test_a_file_never_differs_from_itself(facts: dict[str, Any]) -> None:
    assert compare(facts, facts, list(facts)) == []


@given(st.sampled_from(FIELDS), texts)
def test_width_never_makes_a_difference(field: str, text: str) -> None:
    assert fold(field, text) == fold(field, text.translate(WIDE))


@given(st.sampled_from(FIELDS), texts, st.sampled_from(DASHES))
def test_the_kind_of_dash_never_makes_a_difference(field: str, text: str, dash: str) -> None:
    assert fold(field, text) == fold(field, text.replace("-", dash))


@given(st.sampled_from(FIELDS), texts, texts)
def test_equality_goes_both_ways(field: str, one: str, other: str) -> None:
    assert bool(compare({field: one}, {field: other}, [field])) == bool(compare({field: other}, {field: one}, [field]))


def test_a_question_that_was_not_asked_is_not_a_fact_taken_back() -> None:
    facts = {"residence_expires_on": "2027-01-01", "occupation": "employee"}
    assert compare(facts, {"occupation": "employee"}, ["occupation"]) == []
    assert compare(facts, {}, ["occupation"]) == [Difference("occupation", Kind.REMOVED, Severity.NORMAL)]


def test_no_is_an_answer_and_silence_is_not() -> None:
    assert compare({"handles_cash": False}, {"handles_cash": False}, ["handles_cash"]) == []
    assert compare({"handles_cash": None}, {"handles_cash": False}, ["handles_cash"]) == [
        Difference("handles_cash", Kind.ADDED, Severity.INFO)
    ]
    assert compare({"handles_cash": False}, {}, ["handles_cash"])[0].kind is Kind.REMOVED


def test_a_riskier_answer_is_serious_even_when_the_file_was_silent() -> None:
    for known, kind in ((None, Kind.ADDED), (False, Kind.CHANGED)):
        found = compare({"is_foreign_pep": known}, {"is_foreign_pep": True}, ["is_foreign_pep"])
        assert found == [Difference("is_foreign_pep", kind, Severity.SERIOUS)]


def test_the_gravest_difference_comes_first() -> None:
    facts = {"email": "a@example.jp", "sends_abroad": False, "address": "港区芝1-1"}
    answers = {"email": "b@example.jp", "sends_abroad": True, "address": "港区芝2-2"}
    assert [d.field for d in compare(facts, answers, list(facts))] == ["sends_abroad", "address", "email"]


def test_owners_are_compared_as_people_in_any_order() -> None:
    one = {"name": "髙橋 一郎", "birth_on": "1950-01-02", "share_percent": 60, "is_pep": False}
    two = {"name": "佐藤 花子", "birth_on": "1960-03-04", "share_percent": 40, "is_pep": False}
    same = [dict(two), {**one, "name": "高橋一郎", "share_percent": "60.0"}]
    assert compare({"owners": [one, two]}, {"owners": same}, ["owners"]) == []
    changed = [{**one, "share_percent": 100}]
    assert compare({"owners": [one, two]}, {"owners": changed}, ["owners"])[0].severity is Severity.SERIOUS


def test_a_politically_exposed_owner_worsens_the_risk() -> None:
    assert worsens_risk("owners", [{"name": "山田", "birth_on": "1970-01-01", "is_pep": True}])
    assert not worsens_risk("owners", [{"name": "山田", "birth_on": "1970-01-01", "is_pep": False}])
