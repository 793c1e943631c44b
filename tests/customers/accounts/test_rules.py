"""How accounts are read from files and join what is known: pure rules, with examples and with hypothesis."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.accounts.rules import (
    Account,
    inconsistent,
    joined,
    key_of,
    read_accounts,
    read_currency,
    read_product,
    stated,
    united,
    unlike,
    write_accounts,
)
from customers.parsing import Invalid

FIRST = {"branch": "001", "number": "1234567", "product": "10", "opened_on": "2010-04-01"}
SECOND = {"branch": "001", "number": "7654321", "product": "20", "opened_on": "2018-05-01", "closed_on": "2021-03-31"}
_DAYS = st.dates(date(1950, 1, 1), date(2026, 1, 1)).map(date.isoformat)


@st.composite
def accounts(draw: st.DrawFn) -> list[Account]:
    """Accounts as the file keeps them, each once."""
    kept = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "branch": st.from_regex(r"[0-9]{3}", fullmatch=True),
                    "number": st.from_regex(r"[0-9]{7}", fullmatch=True),
                },
                optional={
                    "product": st.from_regex(r"[0-9A-Z]{1,4}", fullmatch=True),
                    "opened_on": _DAYS,
                    "currency": st.sampled_from(["JPY", "USD"]),
                },
            ),
            max_size=6,
            unique_by=key_of,
        )
    )
    return [dict(sorted(one.items())) for one in kept]


def test_a_cell_with_several_accounts_is_read_with_whatever_it_says() -> None:
    cell = "001|1234567|10|2010-04-01; 1｜765-4321｜２０｜平成30年5月1日｜令和3年3月31日｜円；|5555555"
    assert read_accounts(cell) == [
        FIRST,
        {**SECOND, "number": "765-4321", "currency": "JPY"},
        {"number": "5555555"},
    ]
    assert read_accounts("  ") is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("001|12", "bad_account"),
        ("001", "required"),
        ("A01|1234567", "bad_branch"),
        ("001|1234567|普通", "bad_product"),
        ("001|1234567|10|2010-13-01", "no_such_date"),
        ("001|1234567|10|2010-04-01||yen!", "bad_currency"),
        ("001|1234567|10|2010-04-01|2009-01-01", "closed_before_opened"),
        ("001|1234567; 001|123-4567", "account_twice"),
        ("001|1234567|10|2010-04-01||JPY|x", "bad_accounts"),
        (";".join(f"001|{number}" for number in range(1_000_000, 1_000_061)), "too_many_accounts"),
    ],
)
def test_a_cell_that_cannot_be_read_says_why(cell: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_accounts(cell)
    assert refused.value.code == code


def test_codes_and_currencies_are_taken_in_narrow_capitals() -> None:
    assert (read_product("ｆ０１"), read_product(""), read_currency("usd"), read_currency("日本円")) == (
        "F01",
        None,
        "USD",
        "JPY",
    )


@given(accounts())
def test_what_is_written_is_read_back(held: list[Account]) -> None:
    assert [dict(one) for one in read_accounts(write_accounts(held)) or []] == held


@given(accounts(), accounts())
def test_what_a_file_does_not_name_stays_as_it_is(known: list[Account], said: list[Account]) -> None:
    """A missing account is never closed and never lost, and saying the same twice changes nothing more."""
    after = joined(known, said)
    numbers = {key[1] for key in map(key_of, said)}
    for account in known:
        assert account in after or key_of(account)[1] in numbers
    assert {key_of(one) for one in said} <= {key_of(one) for one in after}
    assert joined(after, said) == after
    assert len({key_of(one) for one in after}) == len(after)


def test_a_blank_says_nothing_and_opens_no_closed_account_again() -> None:
    again = {"branch": "001", "number": "7654321", "product": "21"}
    assert joined([FIRST, SECOND], [again]) == [FIRST, {**SECOND, "product": "21"}]


def test_an_account_moves_with_its_branch_unless_the_file_names_both() -> None:
    moved = {"branch": "002", "number": "1234567"}
    assert joined([FIRST], [moved]) == [{**FIRST, "branch": "002"}]
    both = joined([FIRST], [{"branch": "001", "number": "1234567"}, moved])
    assert {key_of(one) for one in both} == {("001", "1234567"), ("002", "1234567")}


def test_a_row_states_its_own_account_and_the_others_at_its_branch() -> None:
    said = stated(
        number="1234567", branch="001", opened_on=date(2010, 4, 1), product="10", others=[{"number": "99999"}]
    )
    assert said == [FIRST, {"branch": "001", "number": "99999"}]


def test_two_customers_accounts_become_one_list_in_which_nothing_is_lost() -> None:
    other = {**FIRST, "product": "99", "currency": "JPY"}
    assert united([FIRST], [other, SECOND]) == [{**FIRST, "currency": "JPY"}, SECOND]
    assert united(None, None) == []


def test_only_what_differs_is_shown_of_a_change() -> None:
    closed = {**FIRST, "closed_on": "2026-01-05"}
    assert unlike([FIRST, SECOND], [closed, SECOND]) == ([FIRST], [closed])
    assert unlike(None, [FIRST]) == ([], [FIRST])


def test_days_that_cannot_be_are_named() -> None:
    turned = {**FIRST, "closed_on": "2009-01-01"}
    future = {**FIRST, "opened_on": "2030-01-01"}
    assert list(inconsistent([turned, future, SECOND], date(2026, 11, 22))) == [
        "closed_before_opened",
        "in_the_future",
    ]
