"""The catalogue of facts: one entry is enough, and what follows from it fits together."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import models

from customers.decoding import layout_of, records_of
from customers.facts.catalogue import BY_KEY, CATALOGUE, CHANNEL_OF_FACT, COLUMNS, FACTS, INDISPENSABLE, PLAIN, USUAL
from customers.facts.shape import Fact, Kept, Type
from customers.folding import fold
from customers.importing import CustomerRow, RowReader
from customers.models import ContactPoint, Customer
from customers.parsing import Invalid
from customers.presenting import LABELS, MASK, hide, present, say
from customers.segments.conditions import CHOICES, DAYS
from reviews.comparing import Severity, compare
from tests.customers.books import company, line, person

TODAY = date(2026, 11, 22)
COLUMN_OF_TYPE = {Type.DAY: models.DateField, Type.ANSWER: models.BooleanField}


def test_no_key_and_no_title_of_a_column_is_there_twice() -> None:
    assert len(BY_KEY) == len(CATALOGUE)
    titles = [fold(title).replace(" ", "") for fact in CATALOGUE for title in (fact.key, *fact.titles)]
    assert sorted({title for title in titles if titles.count(title) > 1}) == []


@pytest.mark.parametrize("key", PLAIN)
def test_a_plain_fact_has_a_column_of_its_type(key: str) -> None:
    field = Customer._meta.get_field(key)
    assert isinstance(field, COLUMN_OF_TYPE.get(FACTS[key].type, models.CharField))


def test_every_address_belongs_to_a_channel() -> None:
    assert set(CHANNEL_OF_FACT.values()) <= set(ContactPoint.Channel.values)


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.key)
def test_every_fact_can_be_said_and_covered(fact: Fact) -> None:
    assert fact.label
    assert LABELS[fact.key]
    value: dict[Type, Any] = {
        Type.OWNERS: [{"name": "山田　太郎", "share_percent": 60}],
        Type.ACCOUNTS: [{"branch": "001", "number": "1234567"}],
        Type.DAY: "1990-04-01",
        Type.ANSWER: True,
        Type.AMOUNT: 1_000,
    }
    words = say(fact.key, value.get(fact.type, "0312345678"))
    assert words
    assert (hide(fact.key, words) != words) is fact.is_masked
    assert not fact.is_masked or MASK in hide(fact.key, words)


def test_a_column_is_read_by_its_entry_alone() -> None:
    assert FACTS["birth_on"].read("昭和55年1月2日") == "1980-01-02"
    assert FACTS["occupation"].read("会社員") == "employee"
    assert FACTS["phone"].read("") is None
    with pytest.raises(Invalid):
        FACTS["nationality"].read("月")


def test_facts_of_the_other_kind_are_refused_and_not_shown() -> None:
    content = "\n".join(
        [",".join(COLUMNS[key][0] for key in COLUMNS), line(person(industry="製造業")), line(company())]
    )
    layout = layout_of(content.encode())
    reader = RowReader(layout, TODAY)
    first, second = (reader.read(record) for record in records_of([content.encode()], layout))
    assert not isinstance(first, CustomerRow)
    assert [(error.column, error.code) for error in first.errors] == [("industry", "not_for_kind")]
    assert isinstance(second, CustomerRow)
    shown = {fact.key for fact in present(second.facts, is_company=True, masked=False)}
    assert shown == {key for key, fact in FACTS.items() if "COMPANY" in fact.kinds}


def test_a_segment_may_ask_what_stands_plain_and_has_few_values() -> None:
    asked = {key for key, fact in FACTS.items() if fact.is_asked}
    assert asked == asked & {*CHOICES, *DAYS}
    assert not {key for key, fact in FACTS.items() if fact.kept is not Kept.COLUMN} & {*CHOICES, *DAYS}


def test_gravity_stands_with_the_fact() -> None:
    known = {"name": "山田　太郎", "kana": "ヤマダ　タロウ", "occupation": "employee", "purpose": "living"}
    said = {"name": "鈴木　太郎", "kana": "スズキ　タロウ", "occupation": "retired", "purpose": "remittance"}
    found = {difference.field: difference.severity for difference in compare(known, said, list(known))}
    assert found == {
        "name": Severity.SERIOUS,
        "kana": Severity.INFO,
        "occupation": Severity.NORMAL,
        "purpose": Severity.SERIOUS,
    }


def test_a_file_may_lack_what_is_optional_and_nothing_else() -> None:
    assert set(INDISPENSABLE) <= set(USUAL) <= set(COLUMNS)
