"""Company news and the look-up from a customer's page, as staff see them; the agency answers over a socket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from companies.models import CompanyNews, CorporateRecord
from customers.models import AttributeChange, Customer
from customers.selectors import facts_of
from tenants.models import Tenant, User
from tests.companies.conftest import Agency, Make, number_of, record
from tests.companies.test_news import ADDRESS, keep, match, moved_customer, only_news
from tests.conftest import SignIn
from tests.customers.books import company

__all__ = ["moved_customer"]
pytestmark = pytest.mark.usefixtures("in_tenant")


def page(client: Client, name: str, *ids: UUID) -> str:
    response = client.get(reverse(name, args=ids))
    assert response.status_code == 200
    return response.content.decode()


def facts(pk: UUID) -> dict[str, object]:
    with transaction.atomic():
        return facts_of(Customer.objects.get(pk=pk))


def test_news_stands_in_the_list_and_on_the_customers_page(
    officer: User, staff_client: SignIn, moved_customer: UUID
) -> None:
    client, one = staff_client(officer), only_news()
    listed = page(client, "company-news")
    assert reverse("company-news-one", args=[one.pk]) in listed
    assert ADDRESS in listed
    assert "東京都千代田区丸の内１丁目２－３" in listed
    assert reverse("company-news-one", args=[one.pk]) in page(client, "customer", moved_customer)
    assert (
        reverse("company-news-one", args=[one.pk])
        not in client.get(reverse("company-news"), {"kind": "CLOSED"}).content.decode()
    )


def test_an_officer_takes_news_over(officer: User, staff_client: SignIn, moved_customer: UUID) -> None:
    client, pk = staff_client(officer), only_news().pk
    response = client.post(reverse("company-news-decide", args=[pk]), {"outcome": "TAKEN_OVER", "note": ""})
    assert response.status_code == 302
    assert facts(moved_customer)["address"] == ADDRESS
    assert only_news().decided_by == officer.pk
    assert officer.name in page(client, "company-news-one", pk)
    assert str(pk) not in page(client, "company-news")
    assert str(pk) not in page(client, "customer", moved_customer)


def test_a_decision_without_its_note_is_asked_again(officer: User, staff_client: SignIn, moved_customer: UUID) -> None:
    client, pk = staff_client(officer), only_news().pk
    response = client.post(reverse("company-news-decide", args=[pk]), {"outcome": "NO_MATTER", "note": ""})
    assert response.status_code == 422
    assert only_news().status == "OPEN"


def test_branch_staff_see_their_branchs_news_alone_and_decide_nothing(
    branch_staff: User, staff_client: SignIn, moved_customer: UUID
) -> None:
    client, pk = staff_client(branch_staff), only_news().pk
    assert str(pk) not in page(client, "company-news")
    assert client.get(reverse("company-news-one", args=[pk])).status_code == 404
    with transaction.atomic():
        Customer.objects.filter(pk=moved_customer).update(branch_code="012")
    assert str(pk) in page(client, "company-news"), "control"
    response = client.post(reverse("company-news-decide", args=[pk]), {"outcome": "NO_MATTER", "note": "x"})
    assert response.status_code == 403


def test_a_company_is_looked_up_by_its_number(
    officer: User, staff_client: SignIn, agency: Agency, customer_of: Make
) -> None:
    pk = customer_of(corporate_number=number_of(1), name="㈱うみかぜ", address="東京都千代田区丸の内2丁目")
    agency.knows(company(corporate_number=number_of(1), name="株式会社うみかぜ"))
    client = staff_client(officer)
    assert 'id="match-1"' not in page(client, "customer-register", pk)
    assert client.post(reverse("customer-register-ask", args=[pk])).status_code == 302
    shown = page(client, "customer-register", pk)
    assert "東京都千代田区丸の内１丁目２－３" in shown
    assert 'value="address"' in shown
    assert 'value="name"' not in shown, "㈱ and 株式会社 agree"
    taken = client.post(reverse("customer-register-take", args=[pk]), {"number": number_of(1), "take": ["address"]})
    assert taken.status_code == 302
    assert facts(pk)["address"] == "東京都千代田区丸の内１丁目２－３"
    assert facts(pk)["name"] == "㈱うみかぜ"
    with transaction.atomic():
        (change,) = AttributeChange.objects.all()
    assert (change.source, change.actor) == ("REGISTRY", f"user:{officer.pk}")


def test_a_company_without_a_number_is_looked_up_by_name_and_the_likeliest_comes_first(
    officer: User, staff_client: SignIn, agency: Agency, customer_of: Make
) -> None:
    pk = customer_of(corporate_number="", name="うみかぜ株式会社", postal_code="1000005")
    elsewhere = {"address": "大阪府大阪市北区梅田1-1", "postal_code": "5300001"}
    agency.knows(
        company(customer_number="1", corporate_number=number_of(1), name="株式会社うみかぜ", **elsewhere),
        company(customer_number="2", corporate_number=number_of(2), name="株式会社うみかぜ"),
        company(customer_number="3", corporate_number=number_of(3), name="うみかぜ水産有限会社"),
    )
    client = staff_client(officer)
    client.post(reverse("customer-register-ask", args=[pk]))
    shown = page(client, "customer-register", pk)
    assert 0 < shown.index(number_of(2)) < shown.index(number_of(1))
    assert number_of(3) not in shown, "another has the whole name"
    client.post(
        reverse("customer-register-take", args=[pk]), {"number": number_of(2), "take": ["corporate_number", "name"]}
    )
    assert (facts(pk)["corporate_number"], facts(pk)["name"]) == (number_of(2), "株式会社うみかぜ")


@pytest.mark.parametrize("trouble", ["not set up", "away", "refused"])
def test_without_an_answer_a_person_gets_a_sentence(
    officer: User, staff_client: SignIn, agency: Agency, customer_of: Make, trouble: str
) -> None:
    pk, client = customer_of(corporate_number=number_of(1)), staff_client(officer)
    if trouble == "away":
        agency.weather.set(request={"houjin": {"fail_before": 1.0}})
    else:
        settings.HOUJIN_API_ID = "" if trouble == "not set up" else "somebody"
    response = client.post(reverse("customer-register-ask", args=[pk]), follow=True)
    assert response.status_code == 200
    assert "notice--danger" in response.content.decode()
    assert not CorporateRecord.objects.exists()


def test_no_transaction_is_open_while_the_agency_is_asked(
    officer: User, staff_client: SignIn, agency: Agency, customer_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    from companies.providers.houjin_v4 import HoujinV4

    asked: list[bool] = []
    ask: Any = HoujinV4.by_numbers

    def watched(self: HoujinV4, *args: object, **how: object) -> object:
        asked.append(connection.in_atomic_block)
        return ask(self, *args, **how)

    monkeypatch.setattr(HoujinV4, "by_numbers", watched)
    pk = customer_of(corporate_number=number_of(1))
    staff_client(officer).post(reverse("customer-register-ask", args=[pk]))
    assert asked == [False]


def test_what_the_register_does_not_have_is_not_taken(officer: User, staff_client: SignIn, customer_of: Make) -> None:
    """A number made up in the form, or a field that the register does not know, changes nothing."""
    pk, client = customer_of(corporate_number=number_of(1)), staff_client(officer)
    keep(record(1))
    before = facts(pk)
    for sent in (
        {"number": number_of(5), "take": ["name"]},
        {"number": number_of(1), "take": ["phone"]},
        {"number": number_of(1)},
        {"number": "1" * 40, "take": ["name"]},
    ):
        response = client.post(reverse("customer-register-take", args=[pk]), sent, follow=True)
        assert "notice--danger" in response.content.decode()
    assert facts(pk) == before


def test_people_are_not_in_the_register(officer: User, staff_client: SignIn, agency: Agency, customer_of: Make) -> None:
    pk, client = customer_of(customer_number="9"), staff_client(officer)
    with transaction.atomic():
        Customer.objects.filter(pk=pk).update(kind="INDIVIDUAL")
    assert reverse("customer-register-ask", args=[pk]) not in page(client, "customer-register", pk)
    client.post(reverse("customer-register-ask", args=[pk]))
    assert not CorporateRecord.objects.exists()
    client.post(reverse("customer-register-take", args=[pk]), {"number": number_of(1), "take": ["name"]})
    with transaction.atomic():
        assert not AttributeChange.objects.exists()


def test_news_is_about_a_company_of_the_tenant(in_tenant: Tenant, moved_customer: UUID) -> None:
    assert match() == 0
    with transaction.atomic():
        assert CompanyNews.objects.filter(tenant=in_tenant).count() == 1
