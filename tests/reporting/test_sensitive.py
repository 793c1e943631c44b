"""Whoever wants to see a sensitive customer's data names the matter, and it is on the record."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from customers.models import Customer
from customers.viewing import ReasonRequired, reveal
from reviews.models import Case
from tenants.models import Tenant, User
from tests.campaigns.acting import answer, enter, notified, open_for_business
from tests.conftest import NOW, SYSTEM, SignIn

SECRET = "taro@mail.example.jp"


def views_of(customer: Customer) -> list[AuditEvent]:
    with transaction.atomic():
        return list(AuditEvent.objects.filter(event="customer.viewed", target_id=str(customer.pk)))


def ask(client: Client, customer: Customer, **data: str) -> str:
    response = client.post(reverse("customer-reveal", args=[customer.pk]), {"reason": "INQUIRY", **data}, follow=True)
    return response.content.decode()


def test_an_ordinary_customer_needs_a_reason_only(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer = enter(1)
    assert SECRET in ask(staff_client(officer), customer)
    assert views_of(customer)[0].data == {"reason": "INQUIRY"}


def test_a_foreign_pep_is_shown_only_with_the_number_of_the_matter(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = enter(1, is_foreign_pep=True)
    client = staff_client(officer)
    assert SECRET not in ask(client, customer)
    assert SECRET in ask(client, customer, matter="2026-０１２")
    (seen,) = views_of(customer)
    assert seen.data == {"reason": "INQUIRY", "matter": "2026-012"}


@pytest.mark.parametrize("matter", ["", " ", "高橋一郎", "TARO", "12 34", "1" * 21, "<b>1</b>"])
def test_what_is_no_number_opens_nothing_and_reaches_no_record(
    matter: str, in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = enter(1, is_foreign_pep=True)
    assert SECRET not in ask(staff_client(officer), customer, matter=matter)
    assert views_of(customer) == []


def test_the_service_refuses_by_itself(in_tenant: Tenant) -> None:
    customer = enter(1, is_foreign_pep=True)
    with pytest.raises(ReasonRequired):
        reveal({}, customer=customer, reason="INQUIRY", actor=SYSTEM, now=NOW)
    assert views_of(customer) == []


def test_opening_a_sensitive_customers_case_shows_and_records_nothing_by_itself(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    open_for_business()
    customer = enter(1, is_foreign_pep=True)
    notified(officer, approver)
    answer(customer, address="神戸市中央区港島南町4丁目7番1号", postal_code="6500047")
    with transaction.atomic():
        case = Case.objects.get()
    client = staff_client(officer)
    page = client.get(reverse("case", args=[case.pk])).content.decode()
    assert "港島南町4丁目" not in page
    assert reverse("customer", args=[customer.pk]) in page
    assert views_of(customer) == []
    ask(client, customer, matter="2026-012")
    assert "港島南町4丁目" in client.get(reverse("case", args=[case.pk])).content.decode()
