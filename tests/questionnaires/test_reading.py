"""What people type, and what it is read as."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import reading, standard
from questionnaires.answering import Errors, validate
from questionnaires.reading import Unreadable
from questionnaires.schema import Page


def checked(
    page: Page, data: dict[str, str], *, known: dict[str, object] | None = None
) -> tuple[dict[str, object], Errors]:
    return validate(page, data, today=date(2026, 11, 22), known=known)


def page(questionnaire: str, page_id: str) -> Page:
    found = standard.questionnaire(questionnaire).page(page_id)
    assert found is not None
    return found


CONTACT = page("individual", "contact")
OWNERS = page("company", "owners")
TYPED = {
    "name": "山田 花子",
    "postal_code": "１６８ー００６４",
    "address": "東京都杉並区永福１−２−３",
    "phone": "０９０ー１２３４−５６７８",
    "email": "Hanako＠EXAMPLE．com",
}
OWNER = {
    "owners-0-name": "NGUYỄN Thị Hoa",
    "owners-0-birth_on": "昭和63年11月3日",
    "owners-0-share_percent": "３３．４％",
    "owners-0-is_pep": "no",
}


@pytest.mark.parametrize(
    "typed",
    [
        "1949-05-03",
        "1949/5/3",
        "１９４９年５月３日",
        "19490503",
        "昭和24年5月3日",
        "S24.5.3",
        "s24-05-03",
        "昭和２４年 ５月 ３日",
    ],
)
def test_a_date_is_read_in_either_calendar(typed: str) -> None:
    assert reading.read_date(typed) == date(1949, 5, 3)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("平成31年5月1日", "era_bounds"),
        ("令和元年4月30日", "era_bounds"),
        ("昭和64年1月8日", "era_bounds"),
        ("1949-02-29", "day"),
        ("1949-13-01", "month"),
        ("1849-05-03", "year"),
        ("きのう", "date"),
        ("", "date"),
    ],
)
def test_an_impossible_date_says_what_is_wrong(typed: str, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        reading.read_date(typed)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("平成31年4月30日", date(2019, 4, 30)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("大正15年12月25日", date(1926, 12, 25)),
        ("昭和元年12月25日", date(1926, 12, 25)),
    ],
)
def test_the_days_of_a_change_of_era_are_read(typed: str, expected: date) -> None:
    assert reading.read_date(typed) == expected


@given(st.dates(date(1868, 10, 23), date(2100, 12, 31)))
def test_every_day_is_read_back_from_its_own_era(day: date) -> None:
    found = reading.era_of(day)
    assert found is not None
    era, year = found
    assert reading.era_date(era.name, str(year), str(day.month), str(day.day)) == day
    assert reading.read_date(f"{era.kanji}{year}年{day.month}月{day.day}日") == day


@given(st.text(max_size=60))
def test_no_input_breaks_a_reader(typed: str) -> None:
    for read in (
        reading.read_date,
        reading.read_phone,
        reading.read_postal_code,
        reading.read_email,
        reading.read_share,
    ):
        try:
            read(typed)
        except Unreadable:
            continue


@given(
    st.lists(
        st.tuples(st.sampled_from("-‐‑‒–—―−ー－ "), st.sampled_from("0123456789０１２３４５６７８９")),
        min_size=7,
        max_size=7,
    )
)
def test_a_postal_code_is_read_with_any_width_and_dash(parts: list[tuple[str, str]]) -> None:
    digits = "".join(str(int(digit)) for _, digit in parts)
    typed = "".join(dash + digit for dash, digit in parts)
    assert reading.read_postal_code(typed) == f"{digits[:3]}-{digits[3:]}"


def test_what_was_typed_is_normalised_but_a_name_is_left_as_given() -> None:
    answers, errors = checked(CONTACT, TYPED)
    assert errors == {}
    assert answers == {
        "name": "山田 花子",
        "postal_code": "168-0064",
        "address": "東京都杉並区永福１−２−３",
        "phone": "090-1234-5678",
        "email": "Hanako@example.com",
    }


@pytest.mark.parametrize("name", ["髙﨑 神", "葛\U000e0100城", "㈱ヤマダ", "ﾔﾏﾀﾞ", "O’Brien", "NGUYỄN Thị Hoa", "𠮷田"])
def test_names_are_never_folded(name: str) -> None:
    answers, errors = checked(CONTACT, {**TYPED, "name": name})
    assert errors == {}
    assert answers["name"] == name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("山田\n花子", "control_character"),
        ("山\u202e田", "control_character"),
        ("山\ue000田", "private_character"),
        ("あ" * 141, "too_long"),
    ],
)
def test_a_name_that_cannot_be_kept_is_refused_with_the_reason(name: str, code: str) -> None:
    assert checked(CONTACT, {**TYPED, "name": name})[1]["name"][0] == code


def test_each_control_that_is_missing_is_named() -> None:
    assert set(checked(CONTACT, {})[1]) == {"name", "postal_code", "address", "phone"}


def test_an_address_without_its_postal_code_is_half_an_address() -> None:
    assert set(checked(CONTACT, {**TYPED, "postal_code": ""})[1]) == {"postal_code"}


def test_a_blank_control_keeps_what_the_file_says() -> None:
    known: dict[str, object] = {"name": "山田 花子", "postal_code": "1680064", "address": "東京都", "phone": "+8190"}
    answers, errors = checked(CONTACT, {"phone": "03-1234-5678"}, known=known)
    assert errors == {}
    assert answers == {**known, "phone": "03-1234-5678", "email": None}


def test_changing_nothing_by_the_wrong_button_is_pointed_out() -> None:
    errors = checked(
        CONTACT, {"name": " "}, known={"name": "山田 花子", "phone": "1", "postal_code": "1", "address": "1"}
    )[1]
    assert errors == {"name": ("nothing_changed", {})}


def test_a_choice_that_is_not_offered_is_refused() -> None:
    assert checked(page("individual", "work"), {"occupation": "astronaut"})[1] == {"occupation": ("choose", {})}
    assert checked(page("individual", "cash"), {"handles_cash": "maybe"})[1] == {"handles_cash": ("choose", {})}


def test_owners_are_read_one_by_one() -> None:
    answers, errors = checked(OWNERS, {**OWNER, "owners-1-name": " "})
    assert errors == {}
    assert answers == {
        "owners": [{"name": "NGUYỄN Thị Hoa", "birth_on": "1988-11-03", "share_percent": 33.4, "is_pep": False}]
    }


def test_an_owner_begun_must_be_finished() -> None:
    errors = checked(OWNERS, {**OWNER, "owners-1-name": "海野 一郎"})[1]
    assert set(errors) == {"owners-1-birth_on", "owners-1-share_percent", "owners-1-is_pep"}


def test_shares_cannot_exceed_the_whole() -> None:
    second = {name.replace("-0-", "-1-"): value for name, value in OWNER.items()}
    errors = checked(OWNERS, {**OWNER, **second, "owners-1-share_percent": "66.7"})[1]
    assert errors == {"owners-0-share_percent": ("share_sum", {})}


def test_a_company_names_at_least_one_person() -> None:
    assert checked(OWNERS, {})[1] == {"owners-0-name": ("required", {})}


@pytest.mark.parametrize("typed", ["0", "-1", "100.01", "33.333", "NaN", "Infinity", "1e1000", "半分"])
def test_a_share_outside_reason_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        reading.read_share(typed)


def test_an_overlong_value_is_refused_before_it_is_looked_at() -> None:
    assert checked(CONTACT, {**TYPED, "phone": "0" * 100_000})[1]["phone"][0] == "too_long"
