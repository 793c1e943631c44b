"""Customers who may be one: which pairs are found and how strongly, what is remembered, and at what cost."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from time import perf_counter
from uuid import UUID

import psycopg
import pytest
from django.db import connection, transaction

from audit.models import AuditEvent
from audit.services import Actor
from customers.closing import close_customer
from customers.destroying import destroy_customers
from customers.matching.finding import LARGEST, PAIRS, find_candidates
from customers.matching.models import MatchCandidate
from customers.matching.presenting import Likeness, compare
from customers.matching.rules import Reason, Weight, weight_of
from customers.matching.selectors import at_the_same_place, match_page, matches_of
from customers.matching.services import MatchRefused, judge, take_back
from customers.models import AttributeChange, Customer
from customers.searching import index_customers
from customers.services import apply_facts, run_import, start_import
from tenants.models import Tenant
from tenants.reach import Reach, within_reach
from tenants.scoping import tenant_context
from tests.conftest import NOW, SYSTEM
from tests.customers.books import book, company, person, upload

OFFICER = Actor.user(7)
Status = MatchCandidate.Status
CORPORATE_NUMBERS = ("7000012050002", "8000012050001")
NAME_BIRTH, KANA_PHONE, KANA_ADDRESS = Reason.NAME_BIRTH, Reason.KANA_PHONE, Reason.KANA_ADDRESS
CORPORATE, COMPANY, OTHER_BIRTH = Reason.CORPORATE_NUMBER, Reason.COMPANY_NAME, Reason.OTHER_BIRTH


def enter(*rows: dict[str, str]) -> None:
    started = start_import(file=upload(book(*rows)), filename="顧客.csv", actor=SYSTEM, now=NOW)
    run_import(import_id=started.pk, actor=SYSTEM, now=NOW)


def search(*, at: datetime = NOW) -> int:
    return find_candidates(actor=SYSTEM, now=at)


def pairs(status: str = Status.OPEN) -> dict[tuple[str, str], Reason]:
    with transaction.atomic():
        rows = MatchCandidate.objects.filter(status=status).select_related("first", "second")
        found = {tuple(sorted((row.first.number, row.second.number))): row.why for row in rows}
    return {(first, second): why for (first, second), why in found.items()}


def the_pair() -> MatchCandidate:
    with transaction.atomic():
        found: MatchCandidate = MatchCandidate.objects.select_related("first", "second").get()
    return found


def one(number: str) -> Customer:
    with transaction.atomic():
        found: Customer = Customer.objects.get(number=number)
    return found


def change(number: str, **changes: object) -> None:
    with transaction.atomic():
        customer = Customer.objects.get(number=number)
        apply_facts(customer=customer, changes=changes, source=AttributeChange.Source.STAFF, actor=OFFICER, now=NOW)


def other(number: str, **cells: str) -> dict[str, str]:
    """Shares nothing with the good person but what ``cells`` say."""
    apart = {
        "name": f"鈴木　{number}郎",
        "kana": "スズキ　" + "アイウエオカキクケコ"[int(number) % 10] + "ロウ",
        "birth_on": "1971-01-01",
        "address": f"大阪府大阪市北区梅田{number}丁目1-1",
        "phone": f"06-6341-{int(number):04d}",
        "email": "",
        "line_id": "",
    }
    return person(customer_number=number, **{**apart, **cells})


GOOD = person(customer_number="1")
SAME = {
    "name and birth": (other("2", name="高崎花子", birth_on="1980-05-03"), NAME_BIRTH),
    "kana and telephone": (other("2", kana="ﾀｶｻｷ ﾊﾅｺ", phone="０９０－１２３４－５６７８"), KANA_PHONE),
    "kana and address": (other("2", kana="たかさき　はなこ", address="東京都千代田区丸の内１－２－３"), KANA_ADDRESS),
    "all of it": (person(customer_number="2", name="髙崎 花子"), NAME_BIRTH | KANA_PHONE | KANA_ADDRESS),
    "a child of the same name": (
        person(customer_number="2", birth_on="2004-05-03"),
        KANA_PHONE | KANA_ADDRESS | OTHER_BIRTH,
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_who_shares_enough_is_found_with_the_reasons(in_tenant: Tenant, name: str) -> None:
    """Old and new characters, width, kana and the writing of numbers make no difference."""
    row, why = SAME[name]
    enter(GOOD, row, other("3"))
    assert search() == 1
    assert pairs() == {("1", "2"): why}


@pytest.mark.parametrize(
    "cells",
    [
        {"name": "髙﨑　花子"},
        {"birth_on": "1980-05-03"},
        {"kana": "タカサキ　ハナコ"},
        {"phone": "090-1234-5678"},
        {"address": "東京都千代田区丸の内1丁目2-3", "postal_code": "100-0005"},
        {"phone": "090-1234-5678", "address": "東京都千代田区丸の内1丁目2-3", "birth_on": "1980-05-03"},
    ],
)
def test_one_thing_in_common_is_not_enough_and_a_household_is_no_pair(in_tenant: Tenant, cells: dict[str, str]) -> None:
    """A married couple share address and telephone; namesakes share a name."""
    enter(GOOD, other("2", **cells))
    assert search() == 0
    assert pairs() == {}


def test_who_is_reached_at_the_same_place_is_shown_with_the_customer(in_tenant: Tenant) -> None:
    couple = other("2", phone="090-1234-5678", address="東京都千代田区丸の内１－２－３", postal_code="1000005")
    enter(GOOD, couple, other("3", phone="090-1234-5678"), other("4"))
    with transaction.atomic():
        shown = at_the_same_place(one("1"))
    assert {who.number: shared for who, shared in shown} == {"2": ["PHONE", "POST"], "3": ["PHONE"]}
    with transaction.atomic():
        assert at_the_same_place(one("4")) == []


def test_companies_are_told_apart_by_their_corporate_numbers(in_tenant: Tenant) -> None:
    """㈱, 株式会社 and none are one name; two numbers are two companies whatever they are called."""
    apart = {"address": "北海道札幌市中央区北一条西2丁目", "phone": "011-211-2111", "kana": "", "representative": ""}
    first, second = CORPORATE_NUMBERS
    enter(
        company(customer_number="C-1", corporate_number=first),
        company(customer_number="C-2", name="株式会社あさなぎ商事", corporate_number="", **apart),
        company(customer_number="C-3", name="あさなぎ商事", corporate_number=second, **apart),
        company(customer_number="C-4", name="さざなみ商事㈱", corporate_number=first, **apart),
    )
    search()
    assert pairs() == {("C-1", "C-2"): COMPANY, ("C-2", "C-3"): COMPANY, ("C-1", "C-4"): CORPORATE}


def test_a_person_and_a_company_are_never_one(in_tenant: Tenant) -> None:
    place = {"phone": "03-3211-1111", "address": "東京都千代田区丸の内1丁目2-3", "kana": "アサナギショウジ"}
    enter(person(customer_number="1", name="あさなぎ商事", **place), company(customer_number="C-1", **place))
    assert search() == 0


WEIGHTS = {
    CORPORATE: Weight.VERY_LIKELY,
    NAME_BIRTH | KANA_PHONE: Weight.VERY_LIKELY,
    NAME_BIRTH | KANA_ADDRESS: Weight.VERY_LIKELY,
    NAME_BIRTH: Weight.LIKELY,
    KANA_PHONE | KANA_ADDRESS: Weight.LIKELY,
    COMPANY | KANA_PHONE: Weight.LIKELY,
    KANA_PHONE | KANA_ADDRESS | OTHER_BIRTH: Weight.POSSIBLE,
    KANA_PHONE: Weight.POSSIBLE,
    KANA_ADDRESS: Weight.POSSIBLE,
    COMPANY: Weight.POSSIBLE,
}


@pytest.mark.parametrize("reasons", WEIGHTS)
def test_how_strongly_reasons_speak(reasons: Reason) -> None:
    assert weight_of(reasons) == WEIGHTS[reasons]


def test_the_likeliest_come_first_page_by_page(in_tenant: Tenant) -> None:
    rows = [other(str(number)) for number in range(10, 20)]
    weak = [
        {**row, "customer_number": f"9{row['customer_number']}", "name": "別　名", "birth_on": "1999-09-09"}
        for row in rows
    ]
    enter(GOOD, person(customer_number="2"), *rows, *weak)
    assert search() == 11
    with transaction.atomic():
        page = match_page(status=Status.OPEN)
    assert [row.strength for row in page.items] == [3] + [2] * 10
    assert page.items[0].why == NAME_BIRTH | KANA_PHONE | KANA_ADDRESS


def test_what_was_judged_is_remembered_until_there_is_a_new_reason(in_tenant: Tenant) -> None:
    enter(GOOD, other("2", name="高崎花子", birth_on="1980-05-03"))
    search()
    with transaction.atomic():
        judge(candidate=the_pair(), judgement=Status.DIFFERENT, actor=OFFICER, now=NOW)
    assert (search(), pairs()) == (0, {})
    with transaction.atomic():
        acts = list(AuditEvent.objects.filter(event="matchcandidate.different").values_list("actor_id", flat=True))
    assert acts == ["7"]
    change("2", kana="タカサキ　ハナコ", phone="090-1234-5678")
    assert search() == 1
    assert pairs() == {("1", "2"): NAME_BIRTH | KANA_PHONE}
    assert the_pair().decided_by is None


def test_less_in_common_than_when_it_was_judged_brings_nothing_back(in_tenant: Tenant) -> None:
    enter(GOOD, person(customer_number="2"))
    search()
    with transaction.atomic():
        judge(candidate=the_pair(), judgement=Status.HOUSEHOLD, actor=OFFICER, now=NOW)
    for phone in (None, "090-1234-5678"):
        change("2", phone=phone)
        assert (search(), pairs()) == (0, {})


def test_a_judgement_is_made_once_and_taken_back(in_tenant: Tenant) -> None:
    enter(GOOD, person(customer_number="2"))
    search()
    seen = the_pair()
    with pytest.raises(MatchRefused):
        take_back(candidate=seen, actor=OFFICER, now=NOW)
    with transaction.atomic():
        judge(candidate=the_pair(), judgement=Status.HOUSEHOLD, actor=OFFICER, now=NOW)
    with pytest.raises(MatchRefused), transaction.atomic():
        judge(candidate=seen, judgement=Status.DIFFERENT, actor=OFFICER, now=NOW)
    judged = the_pair()
    assert (judged.status, judged.decided_by, judged.decided_at) == (Status.HOUSEHOLD, 7, NOW)
    with transaction.atomic():
        take_back(candidate=judged, actor=OFFICER, now=NOW)
    assert len(pairs()) == 1
    with pytest.raises(ValueError, match="GONE"):
        judge(candidate=the_pair(), judgement=Status.GONE, actor=OFFICER, now=NOW)


def test_a_pair_leaves_the_queue_when_it_shares_nothing_any_more_and_comes_back(in_tenant: Tenant) -> None:
    enter(GOOD, other("2", name="高崎花子", birth_on="1980-05-03"))
    search()
    change("2", birth_on=date(1981, 5, 3))
    assert (search(), pairs(), len(pairs(Status.GONE))) == (0, {}, 1)
    change("2", birth_on=date(1980, 5, 3))
    assert (search(), len(pairs()), pairs(Status.GONE)) == (1, 1, {})


def test_whose_contract_has_ended_is_not_searched(in_tenant: Tenant) -> None:
    enter(GOOD, person(customer_number="2"))
    with transaction.atomic():
        close_customer(customer=one("2"), closed_on=date(2026, 11, 1), actor=OFFICER, now=NOW)
    assert search() == 0


def test_what_many_share_makes_no_pairs(in_tenant: Tenant) -> None:
    """A nursing home: readings alike and one telephone. At the limit there are all pairs, beyond it none."""
    rows = [other(str(number), kana="タナカ　ハナ", phone="06-6000-0000") for number in range(10, 10 + LARGEST)]
    enter(*rows)
    assert search() == LARGEST * (LARGEST - 1) // 2
    enter(other("99", kana="タナカ　ハナ", phone="06-6000-0000"))
    assert (search(), pairs()) == (0, {})


def test_a_search_finds_nothing_twice_and_no_other_banks(tenant: Tenant, other_tenant: Tenant) -> None:
    for bank in (tenant, other_tenant):
        with tenant_context(bank.pk):
            enter(GOOD)
    with tenant_context(tenant.pk):
        assert search() == 0, "the same person at two banks"
        enter(person(customer_number="2"))
        assert [search(), search()] == [1, 0]
    with tenant_context(other_tenant.pk):
        assert pairs() == {}


def test_branch_staff_see_pairs_of_their_branch_only(in_tenant: Tenant) -> None:
    enter(GOOD, person(customer_number="2"), other("3", branch_code="2"), other("4", branch_code="2"))
    enter(other("5", name="鈴木　3郎", branch_code="3"))
    search()
    assert ("3", "5") in pairs(), "control"
    with within_reach(Reach(user_id=7, branch_code="002")), transaction.atomic():
        assert matches_of(one("3")) == []
    with within_reach(Reach(user_id=7, branch_code="001")), transaction.atomic():
        assert len(match_page(status=Status.OPEN).items) == 1


def test_a_destroyed_customer_leaves_no_pair(in_tenant: Tenant) -> None:
    enter(GOOD, person(customer_number="2"))
    search()
    with transaction.atomic():
        destroy_customers([one("1").pk], actor=SYSTEM, now=NOW + timedelta(days=9))
        assert not MatchCandidate.objects.exists()
        assert Customer.objects.filter(number="2").exists()


def test_customers_entered_before_there_was_a_search_are_indexed_by_the_command(in_tenant: Tenant) -> None:
    enter(GOOD, other("2", name="高崎花子", birth_on="1980-05-03"))
    with transaction.atomic():
        Customer.objects.update(person_index=None)
    assert search() == 0
    with transaction.atomic():
        index_customers(after=UUID(int=0))
    assert search() == 1


@pytest.mark.parametrize(
    ("key", "first", "second", "likeness"),
    [
        ("name", "髙﨑　花子", "高崎花子", Likeness.FOLDED),
        ("name", "高崎花子", "高崎花江", Likeness.DIFFERENT),
        ("phone", "+81312345678", "+81312345678", Likeness.SAME),
        ("address", "丸の内1丁目2番3号", "丸の内1-2-3", Likeness.FOLDED),
        ("email", None, "a@b.example", Likeness.ONE_SIDED),
        ("handles_cash", False, True, Likeness.DIFFERENT),
        ("occupation", "employee", "student", Likeness.DIFFERENT),
    ],
)
def test_facts_are_compared_as_they_are_and_as_they_are_folded(
    key: str, first: object, second: object, likeness: Likeness
) -> None:
    assert compare(key, first, second) == likeness


def test_the_search_reads_its_indexes_and_not_a_million_rows_for_each_pair(
    in_tenant: Tenant, superuser: psycopg.Connection
) -> None:
    """20,000 customers of whom 20 share: groups come out of an index in order, pairs are fetched by key."""
    _fill(20_000)
    superuser.execute("VACUUM ANALYZE customers_customer")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + PAIRS, {"tenant": in_tenant.pk, "largest": LARGEST, "most": 1_000})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "customer_by_person" in plan, plan
    assert "customer_by_corporate_number" in plan, plan
    began = perf_counter()
    assert search() == 10
    assert perf_counter() - began < 5


def _fill(count: int) -> None:
    """Customers by SQL, of whom the last ten share name and birth with the first ten."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO customers_customer (id, tenant_id, number, kind, status, profile, name_index, person_index,
                corporate_number, nationality, country_of_residence, occupation, industry, purpose, branch_code,
                language, risk_tier, due_diligence, is_rating_due, residence_status, source_of_funds, attributes,
                created_at, updated_at)
            SELECT gen_random_uuid(), current_setting('app.tenant_id')::bigint, 'X' || n, 'INDIVIDUAL', 'ACTIVE',
                '\\x00',
                decode(md5('name' || n), 'hex'),
                decode(md5('person' || CASE WHEN n > %(count)s - 10 THEN n - %(count)s + 10 ELSE n END), 'hex'),
                '', '', '', '', '', '', '', 'ja', '', '', false, '', '', '{}', now(), now()
            FROM generate_series(1, %(count)s) n
            """,
            {"count": count},
        )
