"""What is known of a person beside name and address: other names, work, money, taxes and stay; from file to search."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import translation

from audit.services import Actor
from customers.facts.catalogue import COLUMNS, FACTS, USUAL
from customers.models import AttributeChange, Customer, CustomerImport
from customers.parsing import Invalid
from customers.presenting import hide, say, stay_shown
from customers.searching import index_customers
from customers.segments.conditions import Day, Way, document_of
from customers.segments.selecting import customers_of
from customers.selectors import customer_page, facts_of
from customers.services import apply_facts, run_import, start_import
from tests.customers.books import TODAY, book, person, upload

ACTOR = Actor.user(7)
CELLS = {
    "former_name": "山本　花子",
    "common_name": "林　花子",
    "latin_name": "NGUYỄN Thị Hoa",
    "employer": "㈱あさなぎ商事",
    "source_of_funds": "給与・賞与",
    "tax_residences": "日本、米国",
    "is_us_person": "有",
    "residence_status": "技術・人文知識・国際業務",
    "residence_expires_on": "2026-11-30",
    "residence_applied_on": "令和8年10月1日",
    "language": "英語",
}
KEPT: dict[str, Any] = {
    **CELLS,
    "source_of_funds": "salary",
    "tax_residences": ["JP", "US"],
    "is_us_person": True,
    "residence_status": "engineer",
    "residence_applied_on": "2026-10-01",
}
del KEPT["language"]


def fill(*rows: dict[str, str], now: datetime) -> CustomerImport:
    started = start_import(file=upload(book(*rows, encoding="utf-8-sig")), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=ACTOR, now=now)
    with transaction.atomic():
        done: CustomerImport = CustomerImport.objects.get(pk=started.pk)
    return done


def entered() -> Customer:
    found: Customer = Customer.objects.get()
    return found


@pytest.mark.usefixtures("in_tenant")
def test_a_file_that_has_the_columns_fills_the_facts(now: datetime) -> None:
    fill(person(**CELLS), now=now)
    with transaction.atomic():
        customer = entered()
        facts = facts_of(customer)
    assert {key: facts[key] for key in KEPT} == KEPT
    assert customer.language == "en"
    assert customer.stay_ends_on == date(2027, 1, 31)


@pytest.mark.usefixtures("in_tenant")
def test_a_file_without_them_is_whole_and_takes_nothing_away(now: datetime) -> None:
    """They are optional: yesterday's file goes on being read, and says nothing of what it lacks."""
    fill(person(**CELLS), now=now)
    plain = {key: value for key, value in person(occupation="公務員").items() if key not in CELLS}
    started = start_import(file=upload(old_book(plain)), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=ACTOR, now=now)
    with transaction.atomic():
        customer = entered()
        facts = facts_of(customer)
    assert facts["occupation"] == "public_servant"
    assert {key: facts[key] for key in KEPT} == KEPT
    assert customer.language == "en"


def old_book(row: dict[str, str]) -> bytes:
    """A file with the columns that every file has had."""
    lines = [",".join(COLUMNS[key][0] for key in USUAL), ",".join(row.get(key, "") for key in USUAL)]
    return "\r\n".join(lines).encode("utf-8-sig")


@pytest.mark.usefixtures("in_tenant")
@pytest.mark.parametrize("wanted", ["山本", "山本花子", "林　花子", "nguyen", "NGUYỄN Thị", "髙﨑"])
def test_somebody_is_found_by_every_name(now: datetime, wanted: str) -> None:
    fill(
        person(**CELLS),
        person(customer_number="2", name="佐藤　一", kana="サトウ　ハジメ", account_number="999"),
        now=now,
    )
    with transaction.atomic():
        assert [one.number for one in customer_page(search=wanted).items] == ["0000000001"]
        index_customers(after=UUID(int=0))
        assert [one.number for one in customer_page(search=wanted).items] == ["0000000001"]


@pytest.mark.usefixtures("in_tenant")
def test_a_new_other_name_is_found_and_an_old_one_no_more(now: datetime) -> None:
    fill(person(**CELLS), now=now)
    with transaction.atomic():
        change(entered(), now, former_name="田村　花子")
        assert customer_page(search="山本").items == []
        assert [one.number for one in customer_page(search="田村").items] == ["0000000001"]
        (row,) = AttributeChange.objects.filter(attribute="former_name")
        assert (row.before, row.after) == ("山本　花子", "田村　花子")


def change(customer: Customer, now: datetime, **facts: object) -> None:
    source = AttributeChange.Source.STAFF
    apply_facts(customer=customer, changes=facts, source=source, actor=ACTOR, now=now + timedelta(days=1))


@pytest.mark.usefixtures("in_tenant")
def test_the_end_of_the_stay_follows_its_days_and_a_segment_can_ask_it(now: datetime) -> None:
    fill(person(**CELLS), now=now)
    until = document_of([Day("stay_ends_on", Way.UNTIL, day=date(2027, 1, 30))])
    with transaction.atomic():
        assert not customers_of(until, today=TODAY).exists()
        change(entered(), now, residence_applied_on=None)
        assert entered().stay_ends_on == date(2026, 11, 30)
        assert customers_of(until, today=TODAY).exists()
        change(entered(), now, residence_expires_on="2030-01-31", residence_applied_on="2026-10-01")
        assert entered().stay_ends_on == date(2030, 3, 31)
        change(entered(), now, residence_expires_on=None)
        assert entered().stay_ends_on is None


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 30), "Until Jan. 31, 2027 at the latest: an extension was applied for in time (two months)"),
        (date(2026, 12, 1), "Until Jan. 31, 2027 at the latest: an extension was applied for in time (two months)"),
        (date(2027, 2, 1), "Ended on Jan. 31, 2027"),
    ],
)
def test_the_page_says_how_long_somebody_may_stay(day: date, words: str) -> None:
    customer = Customer(residence_expires_on=date(2026, 11, 30), residence_applied_on=date(2026, 10, 1))
    with translation.override("en"):
        shown = stay_shown(customer, day, masked=False)
        hidden = stay_shown(customer, day, masked=True)
    assert shown is not None
    assert hidden is not None
    assert (shown.value, shown.is_masked) == (words, False)
    assert "2027" not in hidden.value
    assert hidden.is_masked
    assert stay_shown(Customer(), day, masked=False) is None


def test_without_an_application_it_is_the_day_on_the_card() -> None:
    with translation.override("en"):
        shown = stay_shown(Customer(residence_expires_on=TODAY), TODAY, masked=False)
    assert shown is not None
    assert shown.value == "Until Nov. 24, 2026"


@pytest.mark.parametrize(
    ("key", "said", "covered"),
    [
        ("former_name", "山本　花子", "山本　●●"),
        ("common_name", "林　花子", "林　●●"),
        ("latin_name", "NGUYỄN Thị Hoa", "NGUYỄN ●●● ●●●"),
        ("residence_applied_on", "2026年10月1日", "●●●●年●●月●日"),
        ("source_of_funds", "給与・賞与", "給与・賞与"),
        ("tax_residences", "日本・アメリカ合衆国", "日本・アメリカ合衆国"),
        ("residence_status", "技術・人文知識・国際業務", "技術・人文知識・国際業務"),
    ],
)
def test_what_identifies_is_masked_and_what_bears_on_risk_is_not(key: str, said: str, covered: str) -> None:
    assert say(key, KEPT[key]) == said
    assert hide(key, said) == covered


def test_an_employer_is_covered() -> None:
    assert "あさなぎ" not in hide("employer", CELLS["employer"])


@pytest.mark.parametrize(
    ("key", "typed", "code"),
    [
        ("tax_residences", "日本、月", "unknown_country"),
        ("source_of_funds", "宝くじ", "unknown_choice"),
        ("residence_status", "ワーキングホリデー", "unknown_choice"),
        ("is_us_person", "?", "bad_answer"),
        ("residence_applied_on", "きのう", "bad_date"),
        ("latin_name", "A" * 201, "too_long"),
    ],
)
def test_what_cannot_be_read_is_refused(key: str, typed: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        FACTS[key].read(typed)
    assert refused.value.code == code
