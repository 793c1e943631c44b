"""Customers are told how something was read, where that is not what they typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from questionnaires.reading import Unreadable, read_yen
from questionnaires.rereading import reread
from questionnaires.schema import Question
from tests.portal.conftest import now, person
from tests.portal.journey import post, prove
from tests.questionnaires import documents
from tests.questionnaires.filing import Sent

__all__ = ["now", "person"]

READ = "We read this as"
TOLD = "This is how we read what you typed."


def question(kind: str, **more: Any) -> Question:
    return documents.one_page(documents.question("asked", kind, **more)).questions[0]


DATE = {"asked-era": "western", "asked-year": "1960", "asked-month": "1", "asked-day": "5"}


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        ("date", {**DATE, "asked-era": "showa", "asked-year": "35"}, "昭和35年（1960年）1月5日"),
        ("date", {**DATE, "asked-era": "heisei", "asked-year": "元", "asked-month": "2"}, "平成元年（1989年）2月5日"),
        ("date", {**DATE, "asked-year": "１９６０"}, "昭和35年（1960年）1月5日"),
        ("date", {"asked": "S35.1.5"}, "昭和35年（1960年）1月5日"),
        ("amount", {"asked": "3百万円"}, "300万円"),
        ("amount", {"asked": "１億２，０００万"}, "1億2,000万円"),
        ("number", {"asked": "１２３４"}, "1,234"),
        ("tel", {"asked": "０３（１２３４）５６７８"}, "03-1234-5678"),
        ("tel", {"asked": "03ー1234ー5678"}, "03-1234-5678"),
        ("email", {"asked": "ｈａｎａ＠example.jp"}, "hana@example.jp"),
    ],
)
def test_what_was_read_otherwise_is_said(kind: str, typed: dict[str, str], read: str) -> None:
    with override("ja"):
        assert reread(question(kind), typed) == {"asked": read}


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("date", DATE),
        ("date", {"asked": "1960-01-05"}),
        ("date", {**DATE, "asked-day": "32"}),
        ("date", {**DATE, "asked-day": ""}),
        ("amount", {"asked": "3000000"}),
        ("amount", {"asked": "3,000,000"}),
        ("amount", {"asked": "300万円"}),
        ("amount", {"asked": "たくさん"}),
        ("number", {"asked": "1,234"}),
        ("tel", {"asked": "0312345678"}),
        ("tel", {"asked": "03-1234-5678"}),
        ("email", {"asked": "hana@example.jp"}),
        ("text", {"asked": "ＡＢＣ"}),
        ("tel", {}),
    ],
)
def test_what_was_read_as_it_stands_is_not(kind: str, typed: dict[str, str]) -> None:
    with override("ja"):
        assert reread(question(kind), typed) == {}


def test_readings_and_postal_codes_say_it_too() -> None:
    name = question("name", parts=["full", "kana"])
    with override("ja"):
        typed = {"asked": "山田　花子", "asked_kana": "やまだ はなこ"}
        assert reread(name, typed) == {"asked_kana": "ヤマダ\u3000ハナコ"}
        assert reread(name, {**typed, "asked_kana": "ヤマダ ハナコ"}) == {}
    address = question("address")
    [code] = [field for field in address.fields if field != "asked"]
    assert reread(address, {"asked": "東京都１丁目", code: "１６８ー００６４"}) == {code: "168-0064"}
    assert reread(address, {"asked": "東京都", code: "1680064"}) == {}


@pytest.mark.parametrize(
    ("typed", "yen"),
    [
        ("3百万円", 3_000_000),
        ("百万", 1_000_000),
        ("5千円", 5_000),
        ("千円", 1_000),
        ("2千5百", 2_500),
        ("1億2千万円", 120_000_000),
        ("３千２百５０万", 32_500_000),
        ("300万円", 3_000_000),
        ("1,234,567", 1_234_567),
    ],
)
def test_yen_are_read_as_people_say_them(typed: str, yen: int) -> None:
    assert read_yen(typed) == yen


@pytest.mark.parametrize("typed", ["円", "", "万百千", "3百百", "1千万億", "百億千", "3十"])
def test_what_is_no_amount_is_not_read(typed: str) -> None:
    if typed == "百億千":
        assert read_yen(typed) == 10_000_001_000
        return
    with pytest.raises(Unreadable):
        read_yen(typed)


def test_a_page_that_is_shown_again_says_how_it_was_read(person: Sent) -> None:
    customer = Client()
    customer.cookies["portal_language"] = "en"
    prove(customer, person)
    shown = post(
        customer, "contact", postal_code="１６８ー００６４", address="x", phone="０３（１２３４）５６７８", email="@"
    )
    text = shown.content.decode()
    assert shown.status_code == 422
    assert f"{READ} 168-0064" in text
    assert f"{READ} 03-1234-5678" in text
    assert text.count(READ) == 2
    assert 'value="０３（１２３４）５６７８"' in text, "what was typed stays in the box"
    assert 'id="phone-read"' in text
    assert "phone-read" in text.split('id="phone"')[1].split(">")[0]


def test_the_check_page_says_which_answers_were_read_otherwise(person: Sent) -> None:
    customer = Client()
    customer.cookies["portal_language"] = "en"
    prove(customer, person)

    def check() -> str:
        for page in ("work", "purpose", "residence"):
            post(customer, page, "unchanged")
        for page, name in (("cash", "handles_cash"), ("abroad", "sends_abroad"), ("office", "is_foreign_pep")):
            post(customer, page, **{name: "no"})
        return customer.get("/r/answer/check/").content.decode()

    post(customer, "contact", phone="０３（１２３４）５６７８")
    text = check()
    assert text.count(TOLD) == 1
    assert text.index("03-1234-5678") < text.index(TOLD)
    held = customer.session["visit"]
    assert held["reread"] == ["phone"], "which, and never what"
    post(customer, "contact", phone="03-1234-5678")
    assert TOLD not in customer.get("/r/answer/check/").content.decode()
