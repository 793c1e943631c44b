"""Finding customers by part of a name: what is found, what is not, how fast, and what it leaves behind."""

from __future__ import annotations

import json
from contextvars import Context
from functools import partial
from time import process_time
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.services import Actor
from customers.models import AttributeChange, Customer, NamePart
from customers.searching import parts_of, remove_parts
from customers.selectors import customer_count, customer_page
from customers.services import apply_facts, run_import, start_import
from tenants.keyset import keyset_page
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import NOW
from tests.customers.books import book, company, person, upload

ACTOR = Actor.user(7)


def enter(*rows: dict[str, str]) -> None:
    started = start_import(file=upload(book(*rows)), filename="顧客.csv", actor=ACTOR, now=NOW)
    run_import(import_id=started.pk, actor=ACTOR, now=NOW)


def found(search: str) -> list[str]:
    """Customer numbers, as a list page shows them."""
    with transaction.atomic():
        return [customer.number for customer in customer_page(search=search).items]


@pytest.fixture
def people(in_tenant: Tenant) -> Tenant:
    """髙﨑花子, a company, and somebody else."""
    enter(
        person(customer_number="1"),
        company(customer_number="2"),
        person(customer_number="3", name="Smith　John", kana="スミス　ジョン"),
    )
    return in_tenant


FINDS = {
    "1": [
        "髙﨑", "高崎", "崎　花", "花子", "髙﨑花子", "髙", "高\ufe00崎",
        "タカサキ", "たかさき", "ﾊﾅｺ", "さきはな", "タカサキ　ハナコ", "た",
    ],
    "2": ["あさなぎ", "アサナギ", "㈱あさなぎ", "株式会社あさなぎ商事", "商事", "２"],
    "3": ["smith", "ＳＭＩＴＨ", "th joh", "ｽﾐｽ", "じょん", "じよん"],
}  # fmt: skip


def test_any_part_in_any_writing_finds_the_customer(people: Tenant) -> None:
    """P3: width, kana, case, old characters, legal forms, Unicode's variants."""
    for number, searches in FINDS.items():
        for search in searches:
            assert found(search) == [number], search


PHONES = (
    "090-1234-5678", "09012345678", "090 1234 5678", "(090)1234-5678", "０９０−１２３４−５６７８", "090ー1234ー5678",
    "090.1234.5678", "+81 90-1234-5678", "+819012345678", "＋８１　９０　１２３４　５６７８", "81 90 1234 5678",
    "0081-90-1234-5678", "010 81 90 1234 5678", "+81 (0)90-1234-5678", "TEL 090-1234-5678", "電話：090-1234-5678",
)  # fmt: skip


@pytest.mark.parametrize("written", PHONES)
def test_a_telephone_number_finds_its_customer_however_it_is_written(written: str, people: Tenant) -> None:
    """P3: by the blind index of the whole number; 1 and 3 share it, 2 has another."""
    assert sorted(found(written)) == ["1", "3"]


def test_a_landline_and_an_address_find_their_customers(people: Tenant) -> None:
    for written in ("03-3211-1111", "03（3211）1111", "+81332111111", "0332111111"):
        assert found(written) == ["2"], written
    for written in (
        "hanako@mail.example.jp",
        " Hanako@Mail.Example.JP ",
        "ｈａｎａｋｏ＠ｍａｉｌ．ｅｘａｍｐｌｅ．ｊｐ",
    ):
        assert sorted(found(written)) == ["1", "3"], written


def test_part_of_a_number_or_address_finds_nobody(people: Tenant) -> None:
    """A hash of the whole tells nothing of a part."""
    for written in (
        "090-1234",
        "1234-5678",
        "5678",
        "hanako@",
        "@mail.example.jp",
        "hanako@mail.example.com",
        "@",
        "+",
    ):
        assert found(written) == [], written


def test_a_former_telephone_number_finds_nobody(people: Tenant) -> None:
    with transaction.atomic():
        customer = Customer.objects.get(number="1")
        changes = {"phone": "+818011112222"}
        apply_facts(customer=customer, changes=changes, source=AttributeChange.Source.STAFF, actor=ACTOR, now=NOW)
    assert found("090-1234-5678") == ["3"]
    assert found("080-1111-2222") == ["1"]


def test_the_customer_whose_number_it_is_is_found_beside_the_telephone(in_tenant: Tenant) -> None:
    """Banks number customers as they like: the same digits may be both."""
    enter(person(customer_number="09012345678", phone="03-3211-2222"), person(customer_number="2"))
    assert sorted(found("09012345678")) == ["09012345678", "2"]


def test_what_is_in_no_name_finds_nobody(people: Tenant) -> None:
    for search in ("田中", "子花", "崎", "株式会社", "%", "_", "'", "花子花子", "\\"):
        assert found(search) == [], search
    assert sorted(found(" \u3000")) == ["1", "2", "3"]


def test_pairs_that_do_not_touch_are_no_hit(in_tenant: Tenant) -> None:
    """Every pair of カナカ is in カナ…ナカ; the name itself has the last word."""
    enter(person(customer_number="1", name="山本", kana="カナミナカ"))
    assert parts_of("カナカ") <= parts_of("カナミナカ")
    assert found("カナカ") == []
    assert found("ミナカ") == ["1"]


def test_a_new_name_replaces_the_old(people: Tenant) -> None:
    with transaction.atomic():
        customer = Customer.objects.get(number="1")
    source = AttributeChange.Source.STAFF
    with transaction.atomic():
        apply_facts(customer=customer, changes={"name": "田中　花子"}, source=source, actor=ACTOR, now=NOW)
    assert (found("田中"), found("髙﨑"), found("花子"), found("タカサキ")) == (["1"], [], ["1"], ["1"])
    assert not {*parts_of("髙﨑")} & parts_of("田中花子", "タカサキハナコ")
    assert held_by(customer) == len(parts_of("田中花子", "タカサキハナコ"))


def held_by(customer: Customer) -> int:
    with transaction.atomic():
        return sum(customer.pk.bytes in bytes(row.customers) for row in NamePart.objects.all())


def test_a_customer_taken_out_leaves_nothing_behind(people: Tenant) -> None:
    """P1: what is left of a destroyed customer must not say what the name was; the others stay findable."""
    with transaction.atomic():
        gone = Customer.objects.get(number="1")
    assert held_by(gone) > 0, "control"
    with transaction.atomic():
        remove_parts([gone.pk])
    assert held_by(gone) == 0
    assert found("高崎") == []
    assert found("スミス") == ["3"]
    with transaction.atomic():
        assert not NamePart.objects.filter(customers=b"").exists()


def test_the_same_name_at_another_bank_has_other_bytes(tenant: Tenant, other_tenant: Tenant) -> None:
    """P3: nobody who sees two banks' tables learns that they share a customer."""
    tokens = []
    for bank in (tenant, other_tenant):
        with tenant_context(bank.pk):
            enter(person(customer_number="1"))
            assert found("高崎") == ["1"]
        with tenant_scope(bank.pk):
            tokens.append(set(NamePart.objects.values_list("token", flat=True)))
    assert len(tokens[0]) == len(tokens[1]) == len(parts_of("髙﨑　花子", "タカサキ　ハナコ"))
    assert not tokens[0] & tokens[1]


def test_books_from_before_are_indexed_by_a_command(people: Tenant, superuser: psycopg.Connection) -> None:
    superuser.execute("DELETE FROM customers_namepart")
    assert found("高崎") == []
    Context().run(call_command, "index_names", verbosity=0)
    assert found("高崎") == ["1"]
    before = superuser.execute("SELECT count(*) FROM customers_namepart").fetchone()
    Context().run(call_command, "index_names", verbosity=0)
    assert superuser.execute("SELECT count(*) FROM customers_namepart").fetchone() == before


@pytest.fixture
def crowd(people: Tenant, superuser: psycopg.Connection) -> Tenant:
    """50,000 customers more, with 10 parts each, as an import would have left them; their profiles are never opened."""
    superuser.execute(
        "INSERT INTO customers_customer SELECT (jsonb_populate_record(c, jsonb_build_object("
        " 'id', '0192f000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'number', 'X' || n))).*"
        " FROM customers_customer c, generate_series(1, 50000) n WHERE c.number = '1'"
    )
    superuser.execute(
        "INSERT INTO customers_namepart (id, tenant_id, token, moment, customers)"
        " SELECT gen_random_uuid(), %s, hashtextextended(n::text, 0), n %% 25,"
        "  decode(string_agg('0192f000000070008000' || lpad(to_hex(1 + (n * 7 + m * 13) %% 50000), 12, '0'), ''),"
        "  'hex')"
        " FROM generate_series(1, 100000) n, generate_series(1, 5) m GROUP BY n",
        [people.pk],
    )
    superuser.execute(
        "INSERT INTO customers_customeraccount"
        " (id, tenant_id, customer_id, number_index, branch_code, product_code, currency)"
        " SELECT gen_random_uuid(), tenant_id, id, decode(md5(number), 'hex'), '001', '10', '' FROM customers_customer"
        " WHERE number LIKE 'X%'"
    )
    superuser.execute("ANALYZE customers_customer, customers_namepart, customers_customeraccount")
    return people


def test_a_search_in_a_large_book_goes_by_indexes_and_is_quick(crowd: Tenant) -> None:
    """P3: as the application role, under row-level security, on 50,000 customers and 500,000 parts."""
    for search in ("花子", "たかさきは", "髙﨑花子", "X40000", "03-3211-1111"):
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            assert len(customer_page(search=search).items) == 1
        for query in asked.captured_queries:
            if query["sql"].startswith("SELECT") and "customers_" in query["sql"]:
                plan = explain(query["sql"])
                assert "Index" in plan, plan
                assert "Seq Scan" not in plan, plan
                blocks, rows = touched(query["sql"])
                assert (blocks <= 40, rows <= 60) == (True, True), (blocks, rows, plan)
        assert min(timed(search) for _ in range(5)) < 0.05
    # Positive control: LIKE may not use an index under row-level security, however well one would fit.
    plan = explain("SELECT id FROM customers_customer WHERE number LIKE 'X4000%'")
    assert "number" in plan
    assert "number" not in "".join(line for line in plan.splitlines() if "Index Cond" in line)
    blocks, rows = touched("SELECT id FROM customers_customer WHERE number LIKE 'X4000%'")
    assert (blocks > 400, rows > 6_000) == (True, True), "and is seen to read the whole book"


def explain(sql: str) -> str:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql)
        return "\n".join(row[0] for row in cursor.fetchall())


def touched(sql: str) -> tuple[int, int]:
    """How many pages of tables and indexes a statement looks at, and how many rows it takes up and throws away."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) " + sql)
        (said,) = cursor.fetchone()
    plan = (json.loads(said) if isinstance(said, str) else said)[0]["Plan"]
    nodes = [plan]
    for node in nodes:
        nodes += node.get("Plans", [])
    read = sum(
        node["Actual Loops"] * sum(value for name, value in node.items() if name == "Actual Rows" or "Removed" in name)
        for node in nodes
    )
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], round(read)


def timed(search: str) -> float:
    """Seconds of our own processor, which others on the machine do not lengthen."""
    began = process_time()
    with transaction.atomic():
        customer_page(search=search)
    return process_time() - began


def test_reading_pages_costs_the_same_number_of_queries(people: Tenant, django_assert_max_num_queries: Any) -> None:
    with transaction.atomic(), django_assert_max_num_queries(5):
        customer_page(search="高崎")


@pytest.fixture
def namesakes(in_tenant: Tenant) -> list[str]:
    """Twelve persons of one name and a company with it, in the order they were entered."""
    rows = [person(customer_number=f"S{at:02}", name="佐藤　花", kana="サトウ　ハナ") for at in range(12)]
    enter(*rows, company(customer_number="S99", name="佐藤工業株式会社", kana="サトウコウギョウ"))
    with transaction.atomic():
        return list(Customer.objects.filter(kind="INDIVIDUAL").order_by("pk").values_list("number", flat=True))


def walk(way: str, begin: str | None = None, **asked: Any) -> list[list[str]]:
    """The pages one after the other, five customers each, and where they end."""
    pages, cursor = [], begin
    while True:
        with transaction.atomic():
            page = customer_page(search="佐藤", cursor=cursor, **asked)
        pages.append([one.number for one in page.items])
        cursor = page.next_cursor if way == "on" else page.previous_cursor
        if cursor is None:
            return pages


@pytest.mark.parametrize("near", [1, 6, 1_000])
def test_pages_of_namesakes_are_whole_however_few_ids_are_looked_up_first(
    namesakes: list[str], near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.selectors.NEAR", near)
    monkeypatch.setattr("customers.selectors.keyset_page", partial(keyset_page, limit=5))
    assert walk("on", kind="INDIVIDUAL") == [namesakes[:5], namesakes[5:10], namesakes[10:]]
    with transaction.atomic():
        second = customer_page(search="佐藤", cursor=customer_page(search="佐藤").next_cursor)
        last = customer_page(search="佐藤", cursor=second.next_cursor)
    everybody = [number for part in walk("on") for number in part]
    assert sorted(everybody) == sorted([*namesakes, "S99"])
    assert walk("back", last.previous_cursor) == [everybody[5:10], everybody[:5]]
    assert walk("on", kind="COMPANY") == [["S99"]]


def test_a_list_is_counted_only_when_asked(namesakes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customers.selectors.keyset_page", partial(keyset_page, limit=5))
    with transaction.atomic():
        assert customer_page(search="佐藤").count is None
        assert customer_page(search="佐藤", kind="COMPANY").count == 1
        counts = [customer_count(), customer_count(search="佐藤"), customer_count(search="佐藤", kind="INDIVIDUAL")]
        assert [count.customers for count in (*counts, customer_count(search="S03"))] == [13, 13, 12, 1]
