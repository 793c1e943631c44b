"""Facts in words, and what a mask leaves of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from customers.presenting import hide, not_asked_of, present, say


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("occupation", "public_servant", "公務員"),
        ("nationality", "VN", "ベトナム"),
        ("phone", "+819012345678", "090-1234-5678"),
        ("phone", "+14155550100", "+1 415-555-0100"),
        ("phone", "not a number", "not a number"),
        ("postal_code", "1000005", "100-0005"),
        ("birth_on", "1980-05-03", "1980年5月3日"),
        ("birth_on", "unreadable", "unreadable"),
        ("owners", [{"name": "山田 太郎", "share_percent": 60}], "山田 太郎 60%"),
    ],
)
def test_facts_read_as_words(key: str, value: object, words: str) -> None:
    with translation.override("ja"):
        assert say(key, value) == words


@pytest.mark.parametrize(
    ("key", "value", "masked"),
    [
        ("name", "髙﨑　花子", "髙﨑　●●"),
        ("name", "アレクサンドラ", "ア●●●●●●"),
        ("name", "NGUYỄN THỊ MINH ANH", "NGUYỄN ●●● ●●●● ●●●"),
        ("birth_on", "1980年5月3日", "●●●●年●月●日"),
        ("phone", "090-1234-5678", "●●●-●●●●-5678"),
        ("email", "hanako@mail.example.jp", "h●●●@mail.example.jp"),
        ("postal_code", "100-0005", "100-●●●●"),
        ("address", "東京都千代田区丸の内1丁目2-3", "東京都千代田区●●●●"),
        ("address", "神奈川県横浜市中区山下町279番地", "神奈川県横浜市中区●●●●"),
        ("address", "北海道虻田郡倶知安町北1条", "北海道虻田郡倶知安町●●●●"),
        ("address", "12 Main Street, Boston", "●●●●"),
        ("account_number", "1234567", "●●●4567"),
        ("owners", "山田 太郎 60%", "●● ●● 60%"),
        ("occupation", "公務員", "公務員"),
    ],
)
def test_a_mask_leaves_just_enough_to_recognise(key: str, value: str, masked: str) -> None:
    assert hide(key, value) == masked


def test_a_company_is_public_but_its_people_are_not() -> None:
    facts: dict[str, Any] = {
        "name": "㈱あさなぎ商事",
        "address": "東京都千代田区丸の内1-2-3",
        "representative": "山田　太郎",
    }
    shown = {fact.key: fact for fact in present(facts, is_company=True, masked=True)}
    assert shown["name"].value == "㈱あさなぎ商事"
    assert shown["address"].value == "東京都千代田区丸の内1-2-3"
    assert shown["representative"].value == "山田　●●"
    assert shown["representative"].is_masked


def test_what_is_not_known_is_shown_and_what_does_not_apply_is_not() -> None:
    with translation.override("en"):
        person = {fact.key: fact.value for fact in present({}, is_company=False, masked=True)}
    assert person["handles_cash"] == "Not known"
    assert "corporate_number" not in person
    assert "birth_on" not in {fact.key for fact in present({}, is_company=True, masked=True)}


def test_nothing_personal_is_left_when_all_is_masked() -> None:
    facts: dict[str, Any] = {
        "name": "髙﨑　花子",
        "birth_on": "1980-05-03",
        "address": "東京都千代田区丸の内1丁目2-3",
        "phone": "+819012345678",
        "email": "hanako@mail.example.jp",
        "account_number": "1234567",
    }
    with translation.override("ja"):
        text = " ".join(fact.value for fact in present(facts, is_company=False, masked=True))
    for secret in ("花子", "1980", "丸の内", "1234", "hanako"):
        assert secret not in text


def test_a_national_is_not_shown_what_is_asked_of_foreign_nationals_unless_it_is_known() -> None:
    national = {"nationality": "JP", "common_name": "木村"}
    assert not_asked_of(national) == {"residence_status", "residence_expires_on", "residence_applied_on"}
    assert not_asked_of({"nationality": "VN"}) == not_asked_of({}) == set()
