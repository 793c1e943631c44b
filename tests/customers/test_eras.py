"""Days as bank files write them: by era, by our calendar, by a spreadsheet's count; and nothing is guessed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers import parsing
from customers.formats.eras import ERAS, Era, names_of
from customers.parsing import Invalid, read_day, serial_day
from customers.wording import sentence

WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昭和55年5月3日", date(1980, 5, 3)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("S64.1.7", date(1989, 1, 7)),
        ("s64/01/07", date(1989, 1, 7)),
        ("Ｓ６４．１．７", date(1989, 1, 7)),
        ("S640107", date(1989, 1, 7)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("平31-4-30", date(2019, 4, 30)),
        ("令和元年五月一日", None),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("R1/5/1", date(2019, 5, 1)),
        ("令和 6 年 4 月 1 日", date(2024, 4, 1)),
        ("㍻３０年２月２８日", date(2018, 2, 28)),
        ("㋿元年５月１日", date(2019, 5, 1)),
        ("明治45年7月30日", date(1912, 7, 30)),
        ("大正元年7月30日", date(1912, 7, 30)),
        ("大正15年12月25日", date(1926, 12, 25)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("昭和63年2月29日", date(1988, 2, 29)),
        ("2024-04-01 00:00:00", date(2024, 4, 1)),
        ("2024/4/1T00:00", date(2024, 4, 1)),
        ("2024-04-01T00:00:00.000", date(2024, 4, 1)),
        ("29344", date(1980, 5, 3)),
        ("2024-04-01 12:30:00", None),
        ("1980111", None),
        ("198053", None),
        ("80/05/03", None),
        ("٢٠٢٤-٠١-٠١", None),
        ("②024-04-01", None),
        ("99999", None),
    ],
)
def test_a_day_is_read_or_refused_and_never_guessed(text: str, day: date | None) -> None:
    if day is None:
        with pytest.raises(Invalid, match="bad_date"):
            read_day(text)
    else:
        assert read_day(text) == day


@pytest.mark.parametrize(
    ("text", "code", "bound"),
    [
        ("昭和64年1月8日", "after_era", "昭和64年1月7日"),
        ("昭和70年1月1日", "after_era", "昭和64年1月7日"),
        ("平成元年1月7日", "before_era", "平成元年1月8日"),
        ("平成31年5月1日", "after_era", "平成31年4月30日"),
        ("令和元年4月30日", "before_era", "令和元年5月1日"),
        ("大正15年12月26日", "after_era", "大正15年12月25日"),
        ("大正元年7月29日", "before_era", "大正元年7月30日"),
        ("明治45年7月31日", "after_era", "明治45年7月30日"),
        ("M5.12.2", "before_era", "明治6年1月1日"),
        ("昭和62年2月29日", "no_such_date", None),
        ("令和0年5月1日", "no_such_date", None),
        ("S64.13.7", "no_such_date", None),
    ],
)
def test_a_day_that_its_era_does_not_have_is_refused_with_the_bound(text: str, code: str, bound: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        read_day(text)
    assert refused.value.code == code
    assert refused.value.params.get("day") == bound
    said = sentence(code, refused.value.params)
    assert said != sentence("no such code", {})
    assert not bound or bound in said


days = st.dates(min_value=ERAS[0].first, max_value=date(2060, 12, 31))


@st.composite
def written(draw: st.DrawFn) -> tuple[str, date]:
    """A day and one of the ways to write it."""
    day = draw(days)
    era: Era = draw(st.sampled_from(list(names_of(day))))
    year = day.year - era.year_one() + 1
    sign = draw(st.sampled_from([era.name, era.name[0], era.initial, era.initial.lower()]))
    ways = [
        era.written(day),
        f"{sign}{year}年{day.month}月{day.day}日",
        f"{sign}{year:02}.{day.month:02}.{day.day:02}",
        f"{sign} {year} / {day.month} / {day.day}",
        f"{sign}{year:02}{day.month:02}{day.day:02}",
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
    ]
    text: str = draw(st.sampled_from(ways))
    return (text.translate(WIDE) if draw(st.booleans()) else text), day


@settings(deadline=None)
@given(written())
def test_every_day_in_every_way_of_writing_is_that_day(pair: tuple[str, date]) -> None:
    text, day = pair
    assert read_day(text) == day


@settings(deadline=None)
@given(days)
def test_every_day_has_an_era_and_only_the_two_days_of_change_have_two(day: date) -> None:
    assert len(list(names_of(day))) == (2 if day in (date(1912, 7, 30), date(1926, 12, 25)) else 1)


@settings(deadline=None)
@given(st.integers(10_000, 73_050))
def test_a_spreadsheets_count_of_days_is_its_day(count: int) -> None:
    assert serial_day(str(count)) == date.fromordinal(date(1899, 12, 30).toordinal() + count)


READERS = [
    parsing.read_number, parsing.read_kind, parsing.read_name, parsing.read_kana, parsing.read_text, parsing.read_day,
    parsing.read_corporate_number, parsing.read_postal_code, parsing.read_phone, parsing.read_email,
    parsing.read_line_id, parsing.read_country, parsing.read_answer, parsing.read_account, parsing.read_branch,
]  # fmt: skip
_SIGNS = "0123456789０１２٣①-ー−/.年月日昭和平成令元SHRshrE+@ 　ｱﾞが\u3099\U000e0100𠮷\x00\ud800"
likely = st.text(alphabet=_SIGNS, max_size=25)


@settings(deadline=None)
@given(st.text(max_size=40) | likely)
def test_no_text_makes_a_reader_raise_anything_but_its_refusal(text: str) -> None:
    said = []
    for reader in READERS:
        try:
            reader(text)
        except Invalid as refused:
            said.append(sentence(refused.code, refused.params))
    assert sentence("no such code", {}) not in said


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_a_name_is_kept_to_the_character(name: str) -> None:
    """Combining characters, variation selectors, half-width kana: as given, but for the blanks around it."""
    if name.strip():
        assert parsing.read_name(name) == name.strip()
    else:
        with pytest.raises(Invalid, match="required"):
            parsing.read_name(name)


@settings(deadline=None)
@given(st.text(alphabet="0123456789", min_size=4, max_size=12))
def test_wide_digits_of_a_number_become_narrow_ones_and_zeros_stay(digits: str) -> None:
    assert parsing.read_number(digits.translate(WIDE)) == parsing.read_number(digits) == digits
    assert parsing.read_account(digits.translate(WIDE)) == digits
