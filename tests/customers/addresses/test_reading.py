"""Addresses against Japan Post's list: every writing of a place agrees, another place does not, and nothing changes."""

from __future__ import annotations

import threading
from dataclasses import astuple
from datetime import datetime
from random import Random

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from customers.addresses.places import _rows, places_of, without_county
from customers.addresses.reading import (
    CONTRADICTIONS,
    Parts,
    Verdict,
    beginnings_of,
    compare,
    parts_of,
    shared_beginning,
)
from customers.imports.warned import WarnedRow
from customers.models import Customer
from customers.selectors import facts_of
from tenants.models import Tenant
from tests.customers.books import book, person
from tests.customers.test_import_steps import taken

AGREES, UNCOMPARED = Verdict.AGREES, Verdict.NOT_COMPARED


@pytest.mark.parametrize(
    ("code", "address", "verdict"),
    [
        ("1000005", "東京都千代田区丸の内1丁目2-3", AGREES),
        ("1000005", "千代田区丸ノ内一丁目２－３　丸ビル５階", AGREES),
        ("1000005", "東京都 千代田区　丸の内", AGREES),
        ("1000005", "大阪府大阪市北区梅田1-1", Verdict.OTHER_PREFECTURE),
        ("1000005", "横浜市西区みなとみらい2-2-1", Verdict.OTHER_PREFECTURE),
        ("1000005", "東京都港区六本木6-10-1", Verdict.OTHER_MUNICIPALITY),
        ("1000005", "東京都千代田区大手町1-1", Verdict.OTHER_TOWN),
        ("1000000", "東京都千代田区丸の内1-1", AGREES),  # the code of every town without one of its own
        ("1006001", "東京都千代田区霞が関3-2-5 霞が関ビル1F", AGREES),
        ("6040091", "京都府京都市中京区寺町通二条下る梅屋町123", AGREES),
        ("6040091", "京都府京都市中京区寺町通二条下る榎木町", Verdict.OTHER_TOWN),
        ("0610218", "北海道当別町樺戸町12番地の3", AGREES),
        ("0640941", "札幌市中央区旭ヶ丘5丁目3-1", AGREES),
        ("0608621", "札幌市中央区北1条西6丁目1-2", AGREES),  # a large office's own code
        ("1830055", "府中市府中町1-2-3", AGREES),
        ("7260003", "府中市元町5", AGREES),  # Tokyo and Hiroshima both have one
        ("8491302", "鹿島市井手1", AGREES),
        ("3670101", "埼玉県児玉郡美里町大字小茂田12", AGREES),
        ("4300901", "静岡県浜松市中区曳馬1-2", UNCOMPARED),  # a ward that is no more
        ("4300901", "東京都浜松市中区曳馬1-2", Verdict.OTHER_PREFECTURE),
        ("1000005", "東京都千代田区新町名1-1", UNCOMPARED),
        ("1000005", "Flat 2, 10 Downing Street, London", UNCOMPARED),
        ("1000005", "", UNCOMPARED),
        ("9999999", "東京都千代田区丸の内", UNCOMPARED),
    ],
)
def test_a_postal_code_and_an_address(code: str, address: str, verdict: Verdict) -> None:
    assert compare(code, address) == verdict


def test_no_place_of_the_list_contradicts_itself_however_it_is_written() -> None:
    chance = Random(3)
    codes = [code for (code,) in _rows("SELECT code FROM postal_data UNION ALL SELECT code FROM office_data")]
    for code in chance.sample(codes, 1_500):
        for place in places_of(code):
            county = without_county(place.municipality)
            for text in (
                f"{place.text}1-2-3",
                f"{place.municipality}{place.town}１－２",
                f"{place.prefecture}{county}{place.town}5番地",
                f"{place.prefecture}　{place.municipality} 大字{place.town.replace('ケ', 'ヶ').replace('沢', '澤')}9",
            ):
                assert compare(code, text) not in CONTRADICTIONS, (code, text)


def test_an_address_elsewhere_is_nearly_always_noticed() -> None:
    """The control of the test above: a place of another prefecture with this code."""
    chance = Random(4)
    codes = [code for (code,) in _rows("SELECT code FROM postal_data")]
    noticed = tried = 0
    for code, other in zip(chance.sample(codes, 500), chance.sample(codes, 500), strict=True):
        mine, theirs = places_of(code), places_of(other)[0]
        if all(place.prefecture != theirs.prefecture for place in mine):
            tried += 1
            noticed += compare(code, f"{theirs.text}1-2") == Verdict.OTHER_PREFECTURE
    assert noticed == tried > 400


@pytest.mark.parametrize(
    ("address", "code", "parts"),
    [
        ("東京都千代田区丸の内1丁目2-3", "1000005", Parts("東京都", "千代田区", "丸の内", "1丁目2-3")),
        (
            "千代田区丸ノ内一丁目２－３　丸ビル５階",
            "1000005",
            Parts("", "千代田区", "丸ノ内", "一丁目２－３", "丸ビル５階"),
        ),
        ("札幌市中央区旭ヶ丘5丁目3-1-201号室", "0640941", Parts("", "札幌市中央区", "旭ヶ丘", "5丁目3-1", "201号室")),
        (
            "京都府京都市中京区寺町通二条下る梅屋町123",
            "6040091",
            Parts("京都府", "京都市中京区", "寺町通二条下る梅屋町", "123"),
        ),
        ("東京都千代田区新町名4番地の2", "", Parts("東京都", "千代田区", "新町名", "4番地の2")),
        ("静岡県浜松市中区曳馬1-2", "4300901", Parts()),
        ("London", "", Parts()),
        ("", "", Parts()),
    ],
)
def test_an_address_in_parts(address: str, code: str, parts: Parts) -> None:
    assert parts_of(address, code) == parts


pieces = st.sampled_from(
    [*"東京都大阪府北区丸の内ヶ一二十条字-－ 　123丁目番号階Fあ髙\u0301㍿", "東京都", "千代田区", "大字", "番地の"]
)


@given(st.lists(pieces, max_size=14), st.sampled_from(["", "1000005", "6040091", "0000000"]))
def test_parts_are_pieces_of_the_text_in_its_order_and_leave_nothing_out(letters: list[str], code: str) -> None:
    text = "".join(letters)
    found = parts_of(text, code)
    said = [part for part in astuple(found) if part]
    if said:
        rest = text
        for part in said:
            before, part_itself, rest = rest.partition(part)
            assert not before.strip(" \u3000-－−、，,"), (text, said)
            assert part_itself == part
        assert not rest.strip(" \u3000-－−、，,"), (text, said)
    compare(code, text)


def test_what_an_address_begins_with() -> None:
    assert beginnings_of("1000005") == ["東京都千代田区丸の内"]
    assert beginnings_of("9999999") == []
    assert len(beginnings_of("0288401")) > 3, "some codes are of several towns"
    assert (shared_beginning("1000005"), shared_beginning("9999999")) == ("東京都千代田区丸の内", "")
    area = shared_beginning("0288401")
    assert area.startswith("岩手県")
    assert all(text.startswith(area) for text in beginnings_of("0288401"))


def test_threads_read_the_list_at_once() -> None:
    """Web workers have threads; SQLite's connections belong to one unless told otherwise."""
    found: list[int] = []
    codes = [code for (code,) in _rows("SELECT code FROM postal_data LIMIT 200")]

    def read() -> None:
        found.append(sum(len(places_of.__wrapped__(code)) for code in codes))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 8
    assert len(set(found)) == 1


def test_an_import_warns_of_a_contradiction_and_changes_neither(in_tenant: Tenant, now: datetime) -> None:
    rows = [
        person(address="大阪府大阪市北区梅田1丁目"),
        person(customer_number="0000000002", address="東京都千代田区大手町1-1"),
        person(customer_number="0000000003"),
        person(customer_number="0000000004", postal_code="", address="", country_of_residence="米国"),
    ]
    item = taken(book(*rows), now)
    assert item.rows_created == 4
    with transaction.atomic():
        warned = WarnedRow.objects.filter(column="postal_code").order_by("line").values_list("line", "column", "code")
        assert list(warned) == [(2, "postal_code", "other_prefecture"), (3, "postal_code", "other_town")]
        facts = facts_of(Customer.objects.get(number="0000000001"))
    assert (facts["postal_code"], facts["address"]) == ("1000005", "大阪府大阪市北区梅田1丁目")
