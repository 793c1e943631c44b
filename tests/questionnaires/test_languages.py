"""The ready questionnaires speak every language of the customers' pages; dates, numbers and countries too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils.translation import override

from customers.codes import COUNTRY_CODES, LANGUAGES
from customers.parsing import Invalid, read_language
from questionnaires.countries import country_names
from questionnaires.formatting import date_in_both_calendars, date_with_weekday, long_date, moment, number_words, yen
from questionnaires.marking import rendered, unmarked
from questionnaires.schema import Text
from questionnaires.shaping import parse
from questionnaires.standard import READY, document, questionnaire

KANJI = re.compile(r"[\u3400-\u9fff々]")
READING = re.compile(r"\{([^{}|]+)\|([ぁ-んァ-ヶー]+)\}")
DAY = date(2027, 4, 20)


def words_of(part: Any) -> Iterator[dict[str, str]]:
    if isinstance(part, dict):
        if isinstance(part.get("ja"), str):
            yield part
        else:
            for inner in part.values():
                yield from words_of(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from words_of(inner)


@pytest.mark.parametrize("name", READY)
def test_a_ready_questionnaire_has_words_in_every_language(name: str) -> None:
    assert set(questionnaire(name).languages) == set(LANGUAGES)
    assert questionnaire(name).untranslated == ()


@pytest.mark.parametrize("name", READY)
def test_every_kanji_of_its_easy_japanese_has_its_reading(name: str) -> None:
    for words in words_of(document(name)):
        assert not KANJI.search(READING.sub("", words["ja-easy"])), words["ja-easy"]


@pytest.mark.parametrize("name", READY)
def test_its_other_words_hold_no_reading_and_no_other_script(name: str) -> None:
    for words in words_of(document(name)):
        assert not READING.search("".join(said for language, said in words.items() if language != "ja-easy"))
        assert not re.search(r"[\u3040-\u30ff\u3400-\u9fff]", words["vi"] + words["pt-br"] + words["ne"])
        assert not re.search(r"[\u3040-\u30ff]", words["zh-hans"])


def test_a_questionnaire_speaks_the_nearest_language_it_has() -> None:
    words = {"ja": "質問", "en": "Question"}
    made = parse({**document("individual"), "languages": ["ja", "en"]})
    assert [made.language(one) for one in ("ja-easy", "vi", "ne", "en")] == ["ja", "en", "en", "en"]
    assert made.title == {language: made.title[language] for language in words}
    only = parse({**document("individual"), "languages": ["ja"]})
    assert only.language("vi") == "ja"


def test_words_that_were_borrowed_say_whose_they_are() -> None:
    text = Text({"ja": "名前", "vi": "名前", "en": "Name"}, default="ja", borrowed=["vi"])
    assert [text.spoken_in(one) for one in ("vi", "en", "ja")] == ["ja", "en", "ja"]


@pytest.mark.parametrize(
    ("language", "day", "weekday", "number"),
    [
        ("ja", "2027年4月20日", "2027年4月20日（火）", "1,234,567"),
        ("ja-easy", "2027年4月20日", "2027年4月20日（火）", "1,234,567"),
        ("en", "20 April 2027", "Tuesday 20 April 2027", "1,234,567"),
        ("zh-hans", "2027年4月20日", "2027年4月20日星期二", "1,234,567"),
        ("vi", "20 tháng 4, 2027", "Thứ Ba, 20 tháng 4, 2027", "1.234.567"),
        ("pt-br", "20 de abril de 2027", "terça-feira, 20 de abril de 2027", "1.234.567"),
        ("ne", "2027 अप्रिल 20", "2027 अप्रिल 20, मङ्गलबार", "12,34,567"),
    ],
)
def test_days_and_numbers_are_said_as_the_language_says_them(
    language: str, day: str, weekday: str, number: str
) -> None:
    with override(language):
        assert unmarked(long_date(DAY)) == day
        assert unmarked(date_with_weekday(DAY)) == weekday
        assert number_words(1_234_567) == number
        assert day in unmarked(moment(datetime(2027, 4, 20, 9, 5, tzinfo=UTC)))


def test_the_japanese_calendar_is_for_japanese_alone() -> None:
    for language, said in {
        "ja": "令和9年（2027年）4月20日",
        "ja-easy": "2027年4月20日（令和9年）",
        "vi": "2027",
    }.items():
        with override(language):
            assert said in unmarked(date_in_both_calendars(DAY))
    with override("zh-hans"):
        assert "令和" not in date_in_both_calendars(DAY)


def test_days_of_easy_japanese_are_read_as_they_are_spoken() -> None:
    with override("ja-easy"):
        assert "<rt>しがつ<rp>" in rendered(long_date(DAY))
        assert "<rt>はつか<rp>" in rendered(long_date(DAY))
        assert unmarked(yen(12_340_000)) == "1,234万円"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_has_a_name_in_every_language(language: str) -> None:
    names = country_names(language)
    assert names.keys() == COUNTRY_CODES
    assert not [code for code, name in names.items() if name == code]
    assert next(iter(names)) == "JP"


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("ja", "ja"),
        ("やさしい日本語", "ja-easy"),
        ("ｅｎ", "en"),
        ("中国語", "zh-hans"),
        ("zh_CN", "zh-hans"),
        ("vi-VN", "vi"),
        ("ベトナム語", "vi"),
        ("PT-BR", "pt-br"),
        ("pt", "pt-br"),
        ("ネパール語", "ne"),
        ("nep", "ne"),
        ("", None),
    ],
)
def test_imports_know_languages_by_their_usual_codes_and_names(typed: str, language: str | None) -> None:
    assert read_language(typed) == language


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(Invalid):
        read_language("Klingon")
