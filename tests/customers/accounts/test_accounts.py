"""Accounts of customers: filled by files, found by number, changed by hand, merged, counted and destroyed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse as address
from django.utils import timezone
from django.utils.translation import override

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.planning import Terms, Verdict, judge
from campaigns.selectors import population
from customers.accounts.models import CustomerAccount, Product
from customers.accounts.rules import ACCOUNTS
from customers.accounts.selectors import codes_without_product, without_open_account
from customers.accounts.services import ProductTaken, set_product
from customers.destroying import destroy_customers
from customers.models import AttributeChange, Customer, CustomerImport, RejectedRow
from customers.searching import being, index_customers
from customers.segments.selecting import customers_of
from customers.selectors import facts_of
from customers.services import (
    apply_facts,
    commit_import,
    confirm_layout,
    run_import,
    start_import,
    undo_import,
)
from customers.viewing import reveal
from risk.models import RiskRating
from risk.scoring import Policy, PolicyInvalid
from risk.services import default_document, publish_policy, rate_waiting_customers
from tenants.models import Tenant, User
from tests.conftest import SignIn
from tests.customers.books import book, person, upload
from tests.customers.merging.acting import merge, reverse

ACTOR = Actor.user(7)
WORKER = Actor.system("worker")
TODAY = date(2026, 11, 24)
FURTHER = "001|7654321|20|2018-05-01|2021-03-31; 002|5555555|30|2026-11-01||USD"


def take(content: bytes, now: datetime) -> CustomerImport:
    started = start_import(file=upload(content), filename="顧客.csv", actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        done: CustomerImport = CustomerImport.objects.get(pk=started.pk)
        return done


def enter(now: datetime, **cells: str) -> Customer:
    take(book(person(account_product="10", **cells)), now)
    with transaction.atomic():
        found: Customer = Customer.objects.get(number=cells.get("customer_number", "0000000001"))
        return found


def accounts_of(customer: Customer) -> list[dict[str, str]]:
    with transaction.atomic():
        found: list[dict[str, str]] = facts_of(Customer.objects.get(pk=customer.pk)).get(ACCOUNTS, [])
        return found


def rows_of(customer: Customer) -> set[tuple[str, str, date | None, date | None, str]]:
    with transaction.atomic():
        rows = CustomerAccount.objects.filter(customer=customer)
        return set(rows.values_list("branch_code", "product_code", "opened_on", "closed_on", "currency"))


def found_by(wanted: str) -> set[str]:
    with transaction.atomic():
        return set(being(Customer.objects.all(), wanted).values_list("number", flat=True))


def test_a_file_brings_every_account_it_names(in_tenant: Tenant, now: datetime) -> None:
    customer = enter(now, accounts=FURTHER)
    assert accounts_of(customer) == [
        {"branch": "001", "number": "1234567", "product": "10", "opened_on": "2010-04-01"},
        {"branch": "001", "number": "7654321", "product": "20", "opened_on": "2018-05-01", "closed_on": "2021-03-31"},
        {"branch": "002", "number": "5555555", "product": "30", "opened_on": "2026-11-01", "currency": "USD"},
    ]
    assert rows_of(customer) == {
        ("001", "10", date(2010, 4, 1), None, ""),
        ("001", "20", date(2018, 5, 1), date(2021, 3, 31), ""),
        ("002", "30", date(2026, 11, 1), None, "USD"),
    }


def test_the_next_file_adds_and_closes_what_it_names_and_leaves_the_rest(in_tenant: Tenant, now: datetime) -> None:
    """A missing account is never closed by an import; a blank day of closing opens nothing again."""
    customer = enter(now, accounts=FURTHER)
    before = {row.pk for row in accounts_rows(customer)}
    done = take(book(person(account_closed_on="2026-10-31", accounts="003|8888888|10")), now)
    assert done.attributes_changed == {ACCOUNTS: 1}
    held = {one["number"]: one.get("closed_on") for one in accounts_of(customer)}
    assert held == {"1234567": "2026-10-31", "7654321": "2021-03-31", "5555555": None, "8888888": None}
    assert before <= {row.pk for row in accounts_rows(customer)}, "what stays keeps its row"
    assert take(book(person(accounts="003|8888888|10")), now).rows_unchanged == 1, "nothing is said of the closing"
    assert {one["number"]: one.get("closed_on") for one in accounts_of(customer)} == held


def accounts_rows(customer: Customer) -> list[CustomerAccount]:
    with transaction.atomic():
        return list(CustomerAccount.objects.filter(customer=customer))


def test_a_trial_names_the_accounts_that_would_change_and_writes_none(in_tenant: Tenant, now: datetime) -> None:
    customer = enter(now)
    started = start_import(
        file=upload(book(person(accounts=FURTHER))), filename="次.csv", actor=ACTOR, now=now, by_steps=True
    )
    confirm_layout(customer_import=started, columns=started.columns, actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    with transaction.atomic():
        tried = CustomerImport.objects.get(pk=started.pk)
        assert (tried.status, tried.attributes_changed) == ("CHECKED", {ACCOUNTS: 1})
    assert len(accounts_of(customer)) == len(rows_of(customer)) == 1
    commit_import(customer_import=tried, actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    assert len(accounts_of(customer)) == len(rows_of(customer)) == 3
    undo_import(customer_import=tried, actor=ACTOR, now=now)
    run_import(import_id=started.pk, actor=WORKER, now=now)
    assert len(accounts_of(customer)) == len(rows_of(customer)) == 1
    with transaction.atomic():
        sources = AttributeChange.objects.filter(customer=customer, attribute=ACCOUNTS).order_by("pk")
        assert list(sources.values_list("source", flat=True)) == ["IMPORT", "UNDO"]


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"accounts": "001|12"}, "accounts", "bad_account"),
        ({"accounts": "001|7654321||2099-01-01"}, "accounts", "in_the_future"),
        ({"account_product": "普通預金"}, "account_product", "bad_product"),
        ({"account_closed_on": "2009-12-31"}, "account_closed_on", "closed_before_opened"),
        ({"account_closed_on": "2099-12-31"}, "account_closed_on", "in_the_future"),
        ({"account_currency": "円貨"}, "account_currency", "bad_currency"),
    ],
)
def test_a_row_with_an_account_that_cannot_be_is_rejected_with_its_column(
    in_tenant: Tenant, now: datetime, cells: dict[str, str], column: str, code: str
) -> None:
    assert take(book(person(**cells)), now).rows_rejected == 1
    with transaction.atomic():
        assert list(RejectedRow.objects.values_list("column", "code")) == [(column, code)]


def test_a_customer_is_found_by_any_account_number_with_or_without_its_branch(in_tenant: Tenant, now: datetime) -> None:
    enter(now, accounts=FURTHER)
    take(book(person(customer_number="2", account_number="2222222", branch_code="002")), now)
    assert found_by("1234567") == found_by("００１－7654321") == found_by("002 5555555") == {"0000000001"}
    assert found_by("0022222222") == {"2"}
    assert found_by("0012222222") == set(), "another branch"
    assert found_by("123456") == set()


def test_whoever_sees_accounts_covered_cannot_try_out_whose_a_number_is(
    in_tenant: Tenant, officer: User, auditor: User, staff_client: SignIn, now: datetime
) -> None:
    enter(now)
    for user, hits in ((officer, 1), (auditor, 0)):
        page = staff_client(user).post(address("customer-search"), {"search": "1234567"}, follow=True)
        assert page.context["search"] == "1234567"
        assert len(page.context["rows"]) == hits, user.email


def test_no_account_number_is_readable_in_the_tables_or_the_trail(
    in_tenant: Tenant, now: datetime, superuser: psycopg.Connection
) -> None:
    """P-cases: the number stands sealed in the profile and as a blind index, and nowhere else."""
    customer = enter(now, accounts=FURTHER)
    take(book(person(account_closed_on="2026-10-31")), now)
    for table in ("customers_customeraccount", "customers_customer", "customers_attributechange", "audit_auditevent"):
        rows = superuser.execute(f"SELECT t::text FROM {table} t").fetchall()  # our own names
        assert rows, table
        assert not [row for row in rows for number in ("7654321", "5555555") if number in row[0]], table
    assert len(rows_of(customer)) == 3


def test_books_entered_before_accounts_were_kept_are_brought_up(in_tenant: Tenant, now: datetime) -> None:
    customer = enter(now)
    with transaction.atomic():
        old = Customer.objects.get(pk=customer.pk)
        old.profile = {key: value for key, value in old.profile.items() if key != ACCOUNTS}
        old.save(update_fields=["profile"])
        CustomerAccount.objects.all().delete()
    assert found_by("1234567") == set()
    for _twice in range(2):
        with transaction.atomic():
            index_customers(after=type(customer.pk)(int=0))
    assert found_by("1234567") == {"0000000001"}
    assert accounts_of(customer) == [{"branch": "001", "number": "1234567"}]


def test_a_new_account_number_is_an_account_beside_the_old_one(in_tenant: Tenant, now: datetime) -> None:
    customer = enter(now)
    with transaction.atomic():
        apply_facts(customer=customer, changes={"account_number": "9876543"}, source="STAFF", actor=ACTOR, now=now)
    assert {one["number"] for one in accounts_of(customer)} == {"1234567", "9876543"}


def test_merging_gives_the_survivor_every_account_and_taking_it_back_takes_them_away(
    in_tenant: Tenant, officer: User, approver: User, now: datetime
) -> None:
    survivor = enter(now)
    take(book(person(customer_number="2", account_number="2222222")), now)
    with transaction.atomic():
        other = Customer.objects.get(number="2")
    made = merge("0000000001", "2", officer, approver)
    assert {one["number"] for one in accounts_of(survivor)} == {"1234567", "2222222"}
    assert len(rows_of(survivor)) == 2
    assert found_by("2222222") == {"0000000001"}
    reverse(made, approver)
    assert {one["number"] for one in accounts_of(survivor)} == {"1234567"}
    assert {one["number"] for one in accounts_of(other)} == {"2222222"}
    assert found_by("2222222") == {"2"}


def test_destroying_a_customer_takes_the_accounts_along(in_tenant: Tenant, now: datetime) -> None:
    customer = enter(now, accounts=FURTHER)
    with transaction.atomic():
        destroy_customers([customer.pk], actor=ACTOR, now=now)
        assert not CustomerAccount.objects.exists()


def among(*conditions: dict[str, Any]) -> set[str]:
    with transaction.atomic():
        rows = customers_of({"schema": 1, "conditions": list(conditions)}, today=TODAY)
        return set(rows.values_list("number", flat=True))


def test_filters_ask_products_numbers_and_openings_of_open_accounts(
    in_tenant: Tenant, now: datetime, superuser: psycopg.Connection
) -> None:
    enter(now, accounts=FURTHER)
    take(book(person(customer_number="2", account_number="2222222", account_closed_on="2020-01-01")), now)
    take(book(person(customer_number="3", account_number="3333333")), now)
    with transaction.atomic():
        third = Customer.objects.get(number="3")
        CustomerAccount.objects.filter(customer=third).delete()
    assert among({"field": "has_product", "any_of": ["10"]}) == {"0000000001"}
    assert among({"field": "has_product", "any_of": ["20"]}) == set(), "that one is closed"
    assert among({"field": "open_accounts", "any_of": ["2", "5"]}) == {"0000000001"}
    assert among({"field": "open_accounts", "any_of": ["0"]}) == {"2"}
    assert among({"field": "open_accounts", "any_of": [""]}) == {"3"}
    assert among({"field": "open_accounts", "any_of": ["", "0", "2"]}) == {"0000000001", "2", "3"}
    assert among({"field": "account_opened_on", "way": "until", "day": "2010-04-01"}) == {"0000000001"}
    assert among({"field": "account_opened_on", "way": "past", "or_missing": True}) == {"0000000001", "2", "3"}
    assert among({"field": "account_opened_on", "way": "missing"}) == {"2", "3"}


def test_who_has_no_account_left_is_not_planned_and_the_reason_is_said(in_tenant: Tenant, now: datetime) -> None:
    closed = enter(now, account_closed_on="2026-01-31")
    take(book(person(customer_number="2", account_number="2222222")), now)
    rate(now, default_document())
    with transaction.atomic():
        judged = {one.customer_id: judge(one, date(2030, 1, 1), Terms()) for one in population()}
        assert without_open_account() == {closed.pk}
        other = Customer.objects.get(number="2")
    assert (judged[closed.pk].verdict, judged[closed.pk].reasons) == (Verdict.EXEMPT, ("no_open_account",))
    assert judged[other.pk].reasons != ("no_open_account",)


def rate(now: datetime, document: Any) -> None:
    with transaction.atomic():
        publish_policy(document=document, actor=ACTOR, now=now)
    rate_waiting_customers(now=now)


def asking(*rules: Any) -> dict[str, Any]:
    factor = {
        "code": "accounts_rule", "points": 100, "kinds": ["INDIVIDUAL", "COMPANY"],
        "label": {"ja": "口座", "en": "Accounts"}, "when": list(rules),
    }  # fmt: skip
    document = default_document()
    return {**document, "factors": [*document["factors"], factor]}


def test_risk_rules_ask_products_held_and_how_many_accounts_are_open(in_tenant: Tenant, now: datetime) -> None:
    customer = enter(now, accounts=FURTHER)
    rate(now, asking({"in": ["30", {"var": "products"}]}, {">=": [{"var": "open_accounts"}, 2]}))
    with transaction.atomic():
        rating = RiskRating.objects.filter(customer=customer).latest("rated_at")
        assert "accounts_rule" in rating.reasons
        assert (rating.inputs["products"], rating.inputs["open_accounts"]) == (["10", "30"], 2)
        assert not Customer.objects.get(pk=customer.pk).is_rating_due
    take(book(person(accounts="002|5555555|||2026-11-10")), now)
    with transaction.atomic():
        assert Customer.objects.get(pk=customer.pk).is_rating_due, "a closed account has the customer rated anew"
    rate_waiting_customers(now=now + timedelta(minutes=1))
    with transaction.atomic():
        assert "accounts_rule" not in RiskRating.objects.filter(customer=customer).latest("rated_at").reasons


def test_a_policy_that_does_not_ask_does_not_look_and_none_known_is_unknown() -> None:
    assert not Policy(default_document()).reads_accounts
    policy = Policy(asking({"==": [{"var": "open_accounts"}, 0]}))
    assert policy.reads_accounts
    assert "accounts_rule" in policy.score({"kind": "INDIVIDUAL"}).unknown
    assert "accounts_rule" in policy.score({"kind": "INDIVIDUAL", "open_accounts": 0, "products": []}).reasons
    with pytest.raises(PolicyInvalid):
        Policy(asking({"==": [{"var": "accounts"}, 0]}))


def show(client: Client, customer: Customer, officer: User, now: datetime) -> None:
    """Open the customer's data to the session, as the page does."""
    session = client.session
    with transaction.atomic():
        reveal(session, customer=customer, reason="INQUIRY", actor=Actor.user(officer.pk), now=now)
    session.save()


def test_an_officer_enters_corrects_and_closes_an_account_with_a_reason(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    now = timezone.now()
    customer = enter(now)
    client = staff_client(officer)
    new = address("customer-account-new", args=[customer.pk])
    assert client.get(new).status_code == 302, "covered as long as no reason was given to look"
    show(client, customer, officer, now)
    typed = {
        "branch": "001",
        "number": "７６５４３２１",
        "opened_on": "2020-01-06",
        "reason": "PAPER",
        "matter": "R-12",
    }
    assert client.post(new, typed).status_code == 302
    assert {one["number"] for one in accounts_of(customer)} == {"1234567", "7654321"}
    with override("en"):
        again = client.post(new, typed)
    assert again.status_code == 422
    row = next(one for one in accounts_rows(customer) if one.opened_on == date(2010, 4, 1))
    url = address("customer-account", args=[customer.pk, row.pk])
    seen = client.get(url).context["seen"]
    change = {
        "branch": "001", "number": "1234568", "opened_on": "2010-04-01", "closed_on": "2026-01-31", "reason": "ASKED",
        "seen": seen,
    }  # fmt: skip
    assert client.post(url, {**change, "closed_on": "2009-01-31"}).status_code == 422
    assert client.post(url, {**change, "number": "7654321"}).status_code == 422, "there already"
    assert client.post(url, change).status_code == 302
    with transaction.atomic():
        assert facts_of(Customer.objects.get(pk=customer.pk))["account_number"] == "1234568", (
            "it proves who the customer is"
        )
        told = AuditEvent.objects.filter(event="customer.changed").latest("id").data
    assert (told["facts"], told["reason"]) == (["account_number", ACCOUNTS], "ASKED")
    row = next(one for one in accounts_rows(customer) if one.closed_on)
    stale = client.post(address("customer-account", args=[customer.pk, row.pk]), {**change, "number": "1111111"})
    assert stale.status_code == 422, "shown before somebody changed it"


def test_the_customers_page_covers_account_numbers_until_a_reason_is_given(
    in_tenant: Tenant, officer: User, auditor: User, staff_client: SignIn
) -> None:
    now = timezone.now()
    customer = enter(now, accounts=FURTHER)
    with transaction.atomic():
        set_product(product=None, code="10", name_ja="総合口座", name_en="Main", kind="ORDINARY", actor=ACTOR, now=now)
    for user in (officer, auditor):
        text = staff_client(user).get(address("customer", args=[customer.pk])).content.decode()
        assert "●●●4321" in text
        assert "7654321" not in text
        assert "総合口座" in text
    client = staff_client(officer)
    show(client, customer, officer, now)
    assert "7654321" in client.get(address("customer", args=[customer.pk])).content.decode()
    timeline = address("customer-timeline", args=[customer.pk])
    take(book(person(account_closed_on="2026-10-31")), now)
    assert "●●●●4567" not in client.get(timeline).content.decode()
    masked = staff_client(auditor).get(timeline).content.decode()
    assert "1234567" not in masked
    assert "4567" in masked


def test_products_are_listed_changed_and_missing_codes_are_named(
    in_tenant: Tenant, administrator: User, officer: User, staff_client: SignIn, now: datetime
) -> None:
    enter(now, accounts=FURTHER)
    with transaction.atomic():
        assert codes_without_product() == [("10", 1), ("20", 1), ("30", 1)]
    client = staff_client(administrator)
    typed = {"code": "１０", "name_ja": "総合口座", "name_en": "Main account", "kind": "ORDINARY", "is_in_use": "on"}
    assert client.post(address("product-new"), typed).status_code == 302
    assert client.post(address("product-new"), typed).status_code == 422, "there already"
    with transaction.atomic():
        product = Product.objects.get()
        assert (product.code, codes_without_product()) == ("10", [("20", 1), ("30", 1)])
        with pytest.raises(ProductTaken):
            set_product(product=None, code="10", name_ja="x", name_en="x", kind="LOAN", actor=ACTOR, now=now)
    url = address("product", args=[product.pk])
    assert client.post(url, {**typed, "code": "99", "name_ja": "総合預金"}).status_code == 302
    with transaction.atomic():
        assert Product.objects.values_list("code", "name_ja").get() == ("10", "総合預金")
    other = staff_client(officer)
    assert other.get(address("products")).status_code == other.get(url).status_code == 200
    assert other.post(url, typed).status_code in (302, 403)
    assert other.post(address("product-new"), typed).status_code == 403
    with transaction.atomic():
        assert Product.objects.get().name_ja == "総合預金"
