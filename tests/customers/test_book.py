"""The customer book as staff see it: found, filtered, paged, masked."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.services import Actor
from customers.models import Customer
from customers.services import run_import, start_import
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, MakeUser, SignIn, english
from tests.customers.books import book, company, person
from tests.customers.books import upload as held
from tests.customers.taking import take


@pytest.mark.parametrize(
    "words", ["0000000001", "０００００００００１", "髙﨑 花子", "高崎花子", "タカサキハナコ", "たかさき　はなこ"]
)
def test_the_book_finds_a_customer_however_it_is_written(
    words: str, in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    take(client, book(person(), company()))
    page = client.post(reverse("customer-search"), {"search": words}, follow=True).content.decode()
    assert "0000000001" in page
    assert "C-1" not in page


def test_the_book_filters_by_kind_and_risk(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    take(client, book(person(), company()))
    with transaction.atomic():
        Customer.objects.filter(number="C-1").update(risk_tier="HIGH")
    companies = client.get(reverse("customers"), {"kind": "COMPANY"}).content.decode()
    assert "C-1" in companies
    assert "0000000001" not in companies
    assert "C-1" in client.get(reverse("customers"), {"tier": "HIGH"}).content.decode()
    assert "C-1" not in client.get(reverse("customers"), {"tier": "LOW"}).content.decode()
    assert "C-1" in client.get(reverse("customers"), {"kind": "nonsense", "tier": "x"}).content.decode()


def test_pages_of_the_book_follow_each_other_and_lose_nobody(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    take(client, book(*(person(customer_number=f"{number:010d}") for number in range(1, 121))))
    address, seen = reverse("customers"), []
    while address:
        page = client.get(address)
        seen += [customer.number for customer, _ in page.context["rows"]]
        cursor = page.context["page"].next_cursor
        address = f"{reverse('customers')}?after={cursor}" if cursor else ""
    assert sorted(seen) == [f"{number:010d}" for number in range(1, 121)]


def test_a_role_without_personal_data_sees_names_masked(
    in_tenant: Tenant, officer: User, auditor: User, staff_client: SignIn
) -> None:
    take(staff_client(officer), book(person(), company()))
    page = staff_client(auditor).get(reverse("customers")).content.decode()
    assert "花子" not in page
    assert "髙﨑" in page
    assert "㈱あさなぎ商事" in page  # a company's name is public


def test_the_book_of_another_bank_stays_its_own(
    tenant: Tenant, officer: User, other_officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    with tenant_scope(tenant.pk):
        take(client, book(person()))
    assert "0000000001" in client.get(reverse("customers")).content.decode()
    assert "0000000001" not in staff_client(other_officer).get(reverse("customers")).content.decode()


def test_the_book_costs_the_same_queries_however_many_rows(
    in_tenant: Tenant, make_user: MakeUser, staff_client: SignIn
) -> None:
    client = staff_client(make_user(in_tenant, Role.OFFICER, "officer"))

    def queries(rows: int, first: int) -> int:
        take(client, book(*(person(customer_number=f"{first + number:010d}") for number in range(rows))))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("customers"))
        return len(captured)

    queries(1, 1)  # whatever is cached on first use
    assert queries(5, 100) == queries(40, 200)


def test_the_number_of_customers_arrives_after_the_list(
    in_tenant: Tenant, officer: User, staff_client: SignIn, client: Client
) -> None:
    rows = [person(customer_number=str(at)) for at in range(52)]
    started = start_import(file=held(book(*rows)), filename="顧客.csv", actor=Actor.user(7), now=NOW)
    run_import(import_id=started.pk, actor=Actor.user(7), now=NOW)
    staff = staff_client(english(officer))
    address = reverse("customers-count") + "?kind=INDIVIDUAL"
    assert f'hx-get="{address}"' in staff.get(reverse("customers") + "?kind=INDIVIDUAL&after=x").content.decode()
    part = staff.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "52 in all" in part
    assert "<html" not in part
    whole = staff.get(address).content.decode()
    assert "52 in all" in whole
    assert "<html" in whole
    assert "hx-get" not in whole.partition("pagination__count")[2][:200]
    few = staff.get(reverse("customers") + "?kind=COMPANY").content.decode()
    assert 'hx-trigger="load"' not in few
    assert client.get(address).status_code == 302
