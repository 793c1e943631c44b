"""The department in charge of a customer: in files, in its column, in filters, and lifted out of older books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import AttributeChange, Customer, RejectedRow
from customers.segments.conditions import AnyOf, document_of
from customers.segments.selecting import customers_of
from customers.segments.selectors import departments
from customers.segments.wording import sentences
from customers.selectors import facts_of
from customers.services import apply_facts
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context
from tests.conftest import NOW, SYSTEM, MakeUser, english
from tests.customers.attributes import take
from tests.customers.books import book, company, person

TODAY = date(2026, 11, 22)
SALES, MAIN = "法人営業部", "本店営業部"


def enter(*named: str) -> None:
    """Customers from one on, each looked after by a department."""
    rows = [company(customer_number=str(number), department=name) for number, name in enumerate(named, 1)]
    assert take(book(*rows), NOW).rows_created == len(named)


@transaction.atomic
def of_department(*names: str) -> list[str]:
    document = document_of([AnyOf("department", names)])
    return list(customers_of(document, today=TODAY).order_by("number").values_list("number", flat=True))


@transaction.atomic
def seal_as_before() -> None:
    """The customers as an older release kept them."""
    for customer in Customer.objects.all():
        customer.profile = {**customer.profile, "department": customer.department}
        customer.department = ""
        customer.save(update_fields=["profile", "department"])


@transaction.atomic
def customer(number: str = "1") -> Customer:
    found: Customer = Customer.objects.get(number=number)
    return found


def test_a_filter_finds_those_of_a_department_and_those_of_none(in_tenant: Tenant) -> None:
    enter(SALES, MAIN, "", SALES)
    assert of_department(SALES) == ["1", "4"]
    assert of_department(MAIN, "") == ["2", "3"]
    with transaction.atomic():
        assert departments() == sorted([SALES, MAIN])
        assert "department" not in customer().profile
        assert sentences([AnyOf("department", (SALES,))], {})[0][1] == SALES


def test_the_list_of_departments_is_read_in_leaps_and_not_row_by_row(in_tenant: Tenant) -> None:
    enter(*[SALES, MAIN] * 20)
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as asked,
        connection.cursor() as cursor,
    ):
        departments()
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + asked.captured_queries[0]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "customer_by_department" in plan, plan
    assert "Seq Scan" not in plan, plan


def test_another_institution_sees_none_of_them(tenant: Tenant, other_tenant: Tenant) -> None:
    """T6."""
    with tenant_context(tenant.pk):
        enter(SALES)
    with tenant_context(other_tenant.pk):
        enter(MAIN)
        with transaction.atomic():
            assert departments() == [MAIN]
        assert of_department(SALES) == []


def test_what_was_sealed_is_lifted_and_the_history_says_nothing(in_tenant: Tenant) -> None:
    enter(SALES, "", MAIN)
    seal_as_before()
    assert of_department(SALES) == []
    with transaction.atomic():
        assert facts_of(customer())["department"] == SALES, "until then it is read where it lies"
    for _ in range(2):  # again and again
        call_command("lift_departments", verbosity=0)
    assert of_department(SALES) == ["1"]
    with transaction.atomic():
        assert "department" not in customer("3").profile
        assert facts_of(customer("3"))["department"] == MAIN
        assert not AttributeChange.objects.exists()


def test_a_change_of_something_else_lifts_it_too(in_tenant: Tenant) -> None:
    """Nothing is lost between the new release and the command."""
    enter(SALES)
    seal_as_before()
    with transaction.atomic():
        apply_facts(customer=customer(), changes={"industry": "it"}, source="STAFF", actor=SYSTEM, now=NOW)
    assert of_department(SALES) == ["1"]
    with transaction.atomic():
        (change,) = AttributeChange.objects.all()
        assert change.attribute == "industry"


def test_a_department_has_a_history_and_a_bound(in_tenant: Tenant) -> None:
    enter(SALES)
    done = take(book(company(customer_number="1", department=MAIN)), NOW)
    assert done.attributes_changed == {"department": 1}
    with transaction.atomic():
        (change,) = AttributeChange.objects.all()
        assert (change.before, change.after) == (SALES, MAIN)
    done = take(book(person(department="営" * 61)), NOW)
    with transaction.atomic():
        (row,) = RejectedRow.objects.filter(customer_import=done)
        assert (row.column, row.code, row.params) == ("department", "too_long", {"limit": 60})


@pytest.mark.parametrize("where", ["segment-new", "customer"])
def test_pages_name_it(tenant: Tenant, make_user: MakeUser, staff_client: Callable[[User], Client], where: str) -> None:
    officer = english(make_user(tenant, Role.OFFICER, "asks"))
    with tenant_context(tenant.pk):
        enter(SALES)
        mine = customer().pk
    address = reverse(where, args=[mine] if where == "customer" else [])
    shown = staff_client(officer).get(address).content.decode()
    assert SALES in shown
    assert "Department in charge" in shown
