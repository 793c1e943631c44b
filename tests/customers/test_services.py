"""Changing and finding customers: history, contact points, blind search, and constant queries."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import AttributeChange, ContactPoint, Customer, RejectedRow
from customers.parsing import Invalid
from customers.selectors import customer_count, customer_page, facts_of, facts_of_many, import_page
from customers.services import apply_facts, record_review, run_import, start_import
from customers.synthetic import make_book
from customers.writing import insert_many, update_many
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tenants.scoping import NoTenantScope, tenant_context
from tests.customers.books import TODAY, book, company, person, upload

ACTOR = Actor.user(7)
CUSTOMER = AttributeChange.Source.CUSTOMER


def fill(content: bytes, now: datetime) -> None:
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=ACTOR, now=now)


def test_an_answer_changes_facts_contacts_and_indexes_and_is_remembered(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person()), now)
    later = now + timedelta(days=1)
    with transaction.atomic():
        customer = Customer.objects.get()
        changed = apply_facts(
            customer=customer,
            changes={
                "name": "佐々木　花子",
                "address": "東京都千代田区丸の内9-9",
                "phone": "080-1111-2222",
                "email": None,
                "residence_expires_on": "2030-01-01",
                "handles_cash": True,
                "source_of_funds": "給与",
                "occupation": "employee",
            },
            source=CUSTOMER,
            actor=ACTOR,
            now=later,
        )
        assert "occupation" not in changed, "what is the same is no change"
        facts = facts_of(customer)
        assert (facts["name"], facts["phone"]) == ("佐々木　花子", "+818011112222")
        assert (facts["address"], facts["postal_code"]) == ("東京都千代田区丸の内9-9", "1000005")
        assert "email" not in facts
        assert (facts["residence_expires_on"], facts["handles_cash"]) == ("2030-01-01", True)
        assert facts["source_of_funds"] == "給与"
        assert customer.is_rating_due
        assert [found.pk for found in customer_page(search="佐々木花子").items] == [customer.pk]
        assert customer_page(search="髙﨑花子").items == []
        history = AttributeChange.objects.get(attribute="email")
        assert (history.before, history.after, history.at) == ("hanako@mail.example.jp", None, later)
        current = ContactPoint.objects.filter(is_current=True).values_list("channel", flat=True)
        assert sorted(current) == ["LINE", "PHONE", "POST"]
        event = AuditEvent.objects.get(event="customer.changed")
        assert "佐々木" not in event.payload
        assert event.data["facts"] == sorted(changed)


def test_facts_are_applied_where_no_transaction_is_open(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person()), now)
    with transaction.atomic():
        customer = Customer.objects.get()
    changed = apply_facts(customer=customer, changes={"occupation": "student"}, source="STAFF", actor=ACTOR, now=now)
    assert (changed, customer.occupation) == (["occupation"], "student")


def test_an_answer_that_changes_nothing_writes_no_history(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person()), now)
    with transaction.atomic():
        customer = Customer.objects.get()
        assert apply_facts(customer=customer, changes=facts_of(customer), source=CUSTOMER, actor=ACTOR, now=now) == []
        assert not AttributeChange.objects.exists()


def test_a_telephone_number_that_cannot_be_one_is_refused_whole(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person()), now)
    with transaction.atomic():
        customer = Customer.objects.get()
    with pytest.raises(Invalid):
        apply_facts(customer=customer, changes={"phone": "12", "name": "x"}, source=CUSTOMER, actor=ACTOR, now=now)
    with transaction.atomic():
        assert facts_of(Customer.objects.get())["name"] == "髙﨑　花子"


@pytest.mark.parametrize(
    "search",
    [
        "0000000001",
        " ００００００0001 ",
        "髙﨑　花子",
        "高崎花子",
        "高崎 花子",
        "ﾀｶｻｷ ﾊﾅｺ",
        "たかさき はなこ",
        "タカサキハナコ",
    ],
)
def test_a_customer_is_found_however_the_name_is_written(in_tenant: Tenant, now: datetime, search: str) -> None:
    """P3"""
    fill(book(person(), company()), now)
    with transaction.atomic():
        assert [found.number for found in customer_page(search=search).items] == ["0000000001"]


@pytest.mark.parametrize("search", ["株式会社あさなぎ商事", "あさなぎ商事", "アサナギショウジ", "C-1", "c-1"])
def test_a_company_is_found_without_its_legal_form(in_tenant: Tenant, now: datetime, search: str) -> None:
    fill(book(person(), company()), now)
    with transaction.atomic():
        assert [found.number for found in customer_page(search=search).items] == ["C-1"]


@pytest.mark.parametrize("search", ["高橋", "花江", "%", "0000000002", "'; DROP TABLE"])
def test_what_is_in_no_name_finds_nobody(in_tenant: Tenant, now: datetime, search: str) -> None:
    fill(book(person()), now)
    with transaction.atomic():
        assert customer_page(search=search).items == []


def test_the_other_bank_is_not_searched(tenant: Tenant, other_tenant: Tenant, now: datetime) -> None:
    with tenant_context(tenant.pk):
        fill(book(person()), now)
    with tenant_context(other_tenant.pk), transaction.atomic():
        assert customer_page(search="髙﨑花子").items == []
        assert customer_page().count == 0
        assert import_page().count == 0


def test_pages_go_on_where_the_last_one_ended(in_tenant: Tenant, now: datetime) -> None:
    fill(make_book(individuals=110, companies=10, seed=1, today=TODAY, broken=0).content, now)
    with transaction.atomic():
        first = customer_page()
        second = customer_page(cursor=first.next_cursor)
        third = customer_page(cursor=second.next_cursor)
        assert [len(page.items) for page in (first, second, third)] == [50, 50, 20]
        assert (first.count, customer_count().customers) == (None, 120), "counted on demand"
        assert third.next_cursor is None
        assert len({found.pk for page in (first, second, third) for found in page.items}) == 120
        assert customer_page(kind="COMPANY").count == 10
        assert customer_page(tier="HIGH").count == 0


def test_facts_of_many_cost_the_same_queries_for_any_number(in_tenant: Tenant, now: datetime) -> None:
    fill(make_book(individuals=60, companies=5, seed=2, today=TODAY, broken=0).content, now)
    with transaction.atomic():
        ids = list(Customer.objects.values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as queries:
            many = facts_of_many(ids)
        assert len(queries) == 2
        assert {pk: facts_of(Customer.objects.get(pk=pk)) for pk in ids[:5]} == {pk: many[pk] for pk in ids[:5]}


def test_a_review_of_ours_is_dated_and_has_the_customer_rated_anew(in_tenant: Tenant, now: datetime) -> None:
    fill(book(person()), now)
    with transaction.atomic():
        customer = Customer.objects.get()
        Customer.objects.update(is_rating_due=False)
        record_review(customer_id=customer.pk, reviewed_on=date(2026, 11, 24), actor=ACTOR, now=now)
        customer.refresh_from_db()
        assert (customer.last_reviewed_on, customer.is_rating_due) == (date(2026, 11, 24), True)
        assert AuditEvent.objects.filter(event="customer.reviewed", target_id=str(customer.pk)).exists()


def test_bulk_rows_carry_any_text_through_unchanged(in_tenant: Tenant, now: datetime) -> None:
    odd = ['a"b', "back\\slash", "{brace,comma}", "NULL", "", "tab\tnew\nline", "'quote'", "日本語", "\\x41"]
    fill(book(person()), now)
    with transaction.atomic():
        ids = [uuid7() for _ in odd]
        insert_many(
            Customer,
            {"id": ids, "number": [str(at) for at in range(len(odd))], "branch_code": [text[:8] for text in odd],
             "profile": [b"\\x\x00\xff"] * len(odd), "is_foreign_pep": [None, True, False] * 3,
             "opened_on": [date(2020, 1, 1)] * len(odd), "attributes": [{}] * len(odd)},
            kind="COMPANY", status="ACTIVE", language="ja", risk_tier="", due_diligence="", corporate_number="",
            nationality="", country_of_residence="", residence_status="", occupation="", industry="", purpose="",
            source_of_funds="", is_rating_due=False, created_at=now, updated_at=now,
        )  # fmt: skip
        stored = {found.pk: found for found in Customer.objects.filter(pk__in=ids).defer("profile")}
        assert [stored[pk].branch_code for pk in ids] == [text[:8] for text in odd]
        assert [stored[pk].is_foreign_pep for pk in ids] == [None, True, False] * 3
        update_many(Customer, ids, {"branch_code": [text[:8] for text in reversed(odd)]}, language="en")
        again = {found.pk: found for found in Customer.objects.filter(pk__in=ids).defer("profile")}
        assert [again[pk].branch_code for pk in ids] == [text[:8] for text in reversed(odd)]
        assert {found.language for found in again.values()} == {"en"}


def test_bulk_writing_stays_inside_a_scope_a_transaction_and_the_bank(
    tenant: Tenant, other_tenant: Tenant, now: datetime
) -> None:
    """T-cases: the shortcut past the ORM has both walls too, and the second one refuses a foreign row."""
    with pytest.raises(NoTenantScope), transaction.atomic():
        update_many(Customer, [uuid7()], {"branch_code": ["x"]})
    with tenant_context(tenant.pk):
        fill(book(person()), now)
        with pytest.raises(TransactionManagementError):
            update_many(Customer, [uuid7()], {"branch_code": ["x"]})
        with transaction.atomic():
            ours = Customer.objects.get().pk
    with tenant_context(other_tenant.pk), transaction.atomic():
        update_many(Customer, [ours], {"branch_code": ["hacked"]})
    with tenant_context(tenant.pk), transaction.atomic():
        assert Customer.objects.get().branch_code == "001"
    with tenant_context(tenant.pk), pytest.raises(DatabaseError), transaction.atomic():
        insert_many(
            RejectedRow,
            {"id": [uuid7()], "line": [1], "column": [""], "code": [""], "params": [b"x"], "original": [b"x"]},
            tenant_id=other_tenant.pk,
            customer_import_id=uuid7(),
        )
