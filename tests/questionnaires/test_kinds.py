"""Every kind of question: what is typed into its controls, and what it must keep to."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import reading
from questionnaires.answering import Errors, HandedIn, validate
from questionnaires.filling import controls_filled
from questionnaires.limiting import day_of
from questionnaires.reading import Unreadable
from tests.questionnaires.documents import everything, one_page, question

TODAY = date(2026, 11, 22)


def ask(kind: str, data: dict[str, str], **more: Any) -> tuple[dict[str, object], Errors]:
    return validate(one_page(question("q", kind, **more)), data, today=TODAY)


def codes(errors: Errors) -> dict[str, str]:
    return {name: code for name, (code, _) in errors.items()}


def test_several_choices_are_read_in_the_order_of_the_list() -> None:
    data = {"q-other": "yes", "q-salary": "yes", "q_more": "家賃収入"}
    assert ask("checkboxes", data, choices="funds") == ({"q": ["salary", "other"], "q_more": "家賃収入"}, {})


def test_none_of_these_stands_alone() -> None:
    _, errors = ask("checkboxes", {"q-salary": "yes", "q-none": "yes"}, choices="funds")
    assert codes(errors) == {"q-salary": "exclusive"}


def test_words_are_needed_beside_other_and_forgotten_beside_anything_else() -> None:
    assert codes(ask("radio", {"q": "other"}, choices="funds")[1]) == {"q_more": "more"}
    assert ask("radio", {"q": "salary", "q_more": "left over"}, choices="funds") == (
        {"q": "salary", "q_more": None},
        {},
    )


@pytest.mark.parametrize(
    ("chosen", "code"), [([], "too_few"), (["salary"], "too_few"), (["salary", "pension", "other"], "too_many")]
)
def test_too_few_and_too_many_choices_are_refused(chosen: list[str], code: str) -> None:
    data = {f"q-{value}": "yes" for value in chosen} | {"q_more": "x"}
    limits = {"min_chosen": 2, "max_chosen": 2}
    _, errors = ask("checkboxes", data, choices="funds", required=True, constraints=limits)
    assert codes(errors) == {"q-salary": code}


def test_a_band_is_answered_by_its_lower_bound() -> None:
    assert ask("band", {"q": "3000000"}, bands=[0, 3_000_000])[0] == {"q": 3_000_000}
    assert codes(ask("band", {"q": "5"}, bands=[0, 3_000_000])[1]) == {"q": "choose"}


@pytest.mark.parametrize(
    ("typed", "yen"),
    [("1,000,000円", 1_000_000), ("３００万", 3_000_000), ("1億2,000万円", 120_000_000), ("¥500", 500), ("0", 0)],
)
def test_an_amount_is_read_as_people_write_it(typed: str, yen: int) -> None:
    assert ask("amount", {"q": typed})[0] == {"q": yen}


@pytest.mark.parametrize("typed", ["円", "¥", "百と万", "1.5", "-1", "1e5", "9" * 40])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    assert codes(ask("amount", {"q": typed})[1]) == {"q": "amount"}


@pytest.mark.parametrize(("typed", "code"), [("11", "too_large"), ("-1", "too_small"), ("1.5", "number"), ("", "")])
def test_a_number_keeps_to_its_bounds(typed: str, code: str) -> None:
    _, errors = ask("number", {"q": typed}, constraints={"min": 0, "max": 10})
    assert codes(errors) == ({"q": code} if code else {})


def test_a_day_is_typed_in_three_boxes_and_either_calendar() -> None:
    data = {"q-era": "showa", "q-year": "２４", "q-month": "5月", "q-day": "3"}
    assert ask("date", data)[0] == {"q": "1949-05-03"}
    assert ask("date", {**data, "q-era": "western", "q-year": "1949年"})[0] == {"q": "1949-05-03"}
    assert ask("date", {"q": "昭和24年5月3日"})[0] == {"q": "1949-05-03"}


@pytest.mark.parametrize(
    ("boxes", "at", "code"),
    [
        (("western", "", "5", "3"), "q-year", "missing_part"),
        (("western", "2026", "13", "3"), "q-month", "month"),
        (("western", "2026", "2", "30"), "q-day", "day"),
        (("heisei", "31", "5", "1"), "q-year", "era_bounds"),
        (("martian", "1", "1", "1"), "q-era", "era"),
    ],
)
def test_the_box_that_is_wrong_is_named(boxes: tuple[str, ...], at: str, code: str) -> None:
    data = dict(zip(("q-era", "q-year", "q-month", "q-day"), boxes, strict=True))
    assert codes(ask("date", data)[1]) == {at: code}


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-04-01", date(2026, 4, 1)),
        ("today", TODAY),
        ("today+10d", date(2026, 12, 2)),
        ("today-18y", date(2008, 11, 22)),
        ("today+3m", date(2027, 2, 22)),
    ],
)
def test_a_bound_may_be_told_from_the_day_of_answering(said: str, day: date) -> None:
    assert day_of(said, TODAY) == day


def test_a_day_that_the_month_lacks_is_its_last() -> None:
    assert day_of("today-1y", date(2028, 2, 29)) == date(2027, 2, 28)
    assert day_of("today+1m", date(2026, 12, 31)) == date(2027, 1, 31)
    assert day_of("today+2m", date(2026, 12, 31)) == date(2027, 2, 28)


def test_a_day_out_of_its_bounds_is_refused_with_the_bound() -> None:
    limits = {"earliest": "today-1y", "latest": "today"}
    early = ask("date", {"q": "2025-11-21"}, constraints=limits)[1]
    assert early == {"q-year": ("too_early", {"bound": date(2025, 11, 22)})}
    assert codes(ask("date", {"q": "2026-11-23"}, constraints=limits)[1]) == {"q-year": "too_late"}
    assert ask("date", {"q": "2025-11-22"}, constraints=limits)[1] == {}


def test_a_name_keeps_its_letters_and_its_reading_becomes_katakana() -> None:
    data = {"q": "髙﨑 葛󠄀", "q_kana": "たかさき　ｶﾂﾗ", "q_latin": "ＮＧＵＹỄＮ  Thị Hoa"}
    answers, errors = ask("name", data, parts=["full", "kana", "latin"])
    assert errors == {}
    assert answers == {"q": "髙﨑 葛󠄀", "q_kana": "タカサキ　カツラ", "q_latin": "NGUYỄN Thị Hoa"}


def test_a_required_name_needs_its_reading_and_not_its_latin_letters() -> None:
    _, errors = ask("name", {"q": "山田 花子"}, parts=["full", "kana", "latin"], required=True)
    assert codes(errors) == {"q_kana": "required"}
    assert codes(ask("name", {"q": "山", "q_kana": "山"}, parts=["full", "kana"])[1]) == {"q_kana": "kana"}
    assert codes(ask("name", {"q": "山", "q_latin": "山"}, parts=["full", "latin"])[1]) == {"q_latin": "latin"}


def test_a_name_of_140_characters_is_taken_whole() -> None:
    assert ask("name", {"q": "ン" * 140})[0] == {"q": "ン" * 140}
    assert codes(ask("name", {"q": "ン" * 141})[1]) == {"q": "too_long"}


def test_a_paragraph_keeps_its_lines_and_refuses_what_no_file_may_have() -> None:
    assert ask("paragraph", {"q": "一行目\r\n二行目\n"})[0] == {"q": "一行目\n二行目"}
    assert codes(ask("paragraph", {"q": "a\x00b"})[1]) == {"q": "control_character"}
    assert codes(ask("paragraph", {"q": "あ" * 1_001})[1]) == {"q": "too_long"}


def test_a_declaration_must_be_made() -> None:
    assert codes(ask("declaration", {})[1]) == {"q": "declare"}
    assert codes(ask("declaration", {"q": "no"})[1]) == {"q": "declare"}
    assert ask("declaration", {"q": "yes"}) == ({"q": True}, {})


def test_a_country_is_one_that_exists() -> None:
    assert ask("country", {"q": "VN"})[0] == {"q": "VN"}
    assert codes(ask("country", {"q": "XX"})[1]) == {"q": "choose"}


def test_information_asks_nothing_and_is_done_with_when_read() -> None:
    assert ask("information", {}) == ({"q": True}, {})


def test_officers_are_asked_for_their_position_and_for_no_share() -> None:
    data = {"q-0-name": "海野 一郎", "q-0-position": "代表取締役", "q-1-name": "山田"}
    answers, errors = ask("people", data, person_fields=["name", "position"])
    assert codes(errors) == {"q-1-position": "required"}
    assert answers["q"] == [{"name": "海野 一郎", "position": "代表取締役"}, {"name": "山田"}]


def test_an_office_has_a_postal_code_of_its_own() -> None:
    asked = one_page(question("address", "address"), question("office", "address"))
    assert asked.fields == ("postal_code", "address", "office_postal_code", "office")
    data = {"office_postal_code": "168-0064", "office": "東京都杉並区永福"}
    assert validate(asked, data, today=TODAY)[0]["office_postal_code"] == "168-0064"


def test_a_check_holds_between_answers_and_is_silent_while_one_is_missing() -> None:
    check = {
        "holds": {"or": [{"===": [{"var": "a"}, False]}, {">": [{"var": "b"}, 0]}]},
        "at": "b",
        "message": {"ja": "金額を入力してください", "en": "Enter the amount"},
    }
    asked = one_page(question("a", "yes_no"), question("b", "amount"), checks=[check])
    answers, errors = validate(asked, {"a": "yes", "b": "0"}, today=TODAY)
    assert errors == {"b": ("check", {"message": check["message"]})}
    assert answers == {"a": True, "b": 0}
    assert validate(asked, {"a": "yes", "b": "1"}, today=TODAY)[1] == {}
    assert validate(asked, {"a": "yes"}, today=TODAY)[1] == {}


@pytest.mark.parametrize("typed", ["山田", "", "ヤマダ1!", "ア\n"])
def test_what_is_no_reading_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        reading.read_kana(typed, longest=140)


TYPED = st.dictionaries(
    st.sampled_from(
        [name for page in everything().pages for question in page.questions for name in question.fields]
        + ["funds-salary", "funds-none", "moved_on-era", "moved_on-year", "moved_on-month", "officers-0-name"]
    ),
    st.one_of(st.text(max_size=30), st.sampled_from(["yes", "no", "salary", "VN", "3000000", "2026-11-20", "1"])),
)


@given(TYPED)
def test_whatever_is_posted_becomes_answers_or_errors_beside_controls(data: dict[str, str]) -> None:
    for page in everything().pages:
        answers, errors = validate(page, data, today=TODAY)
        assert set(answers) == set(page.fields)
        assert all(isinstance(code, str) for code, _ in errors.values())


@given(TYPED)
def test_what_was_answered_stands_in_its_controls_again(data: dict[str, str]) -> None:
    """Going back and on again changes no answer."""
    for page in everything().pages:
        answers, errors = validate(page, data, today=TODAY)
        if not errors:
            again = controls_filled(page, answers, known={})
            assert validate(page, again, today=TODAY) == (answers, {})


FRONT, BACK = HandedIn("1", "front", "JPEG", 10), HandedIn("2", "back", "PDF", 20)


def hand_in(*files: HandedIn, **more: Any) -> tuple[dict[str, object], Errors]:
    return validate(one_page(question("q", "file", **more)), {"q": "typed"}, today=TODAY, files={"q": files})


def test_what_was_handed_in_becomes_the_answer_and_what_was_typed_does_not() -> None:
    answers, errors = hand_in(FRONT)
    assert errors == {}
    assert answers == {"q": [{"id": "1", "side": "front", "kind": "JPEG", "size": 10}]}
    assert validate(one_page(question("q", "file")), {"q": "1"}, today=TODAY) == ({"q": None}, {})


def test_each_side_that_is_wanted_is_asked_for_beside_its_own_control() -> None:
    _, errors = hand_in(FRONT, sides=["front", "back"], required=True)
    assert errors == {"q-back": ("attach_side", {"side": "back"})}
    assert hand_in(FRONT, BACK, sides=["front", "back"], required=True)[1] == {}
    assert hand_in(sides=["front", "back"])[1] == {}, "control: what is not required may be left out"
    assert codes(hand_in(required=True)[1]) == {"q": "attach"}


def test_more_files_than_are_taken_are_refused() -> None:
    assert hand_in(FRONT, BACK, constraints={"max_files": 1})[1] == {"q": ("too_many_files", {"limit": 1})}


def test_the_identity_check_is_announced_and_whoever_read_it_goes_on() -> None:
    assert ask("ekyc", {}) == ({"q": True}, {})
