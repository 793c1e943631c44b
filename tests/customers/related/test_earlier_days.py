"""Who stood behind a company on an earlier day, and whom the rule named then."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from customers.models import Customer
from customers.related.services import end_party, take_paper
from tenants.models import Tenant, User
from tests.conftest import SYSTEM, SignIn, english
from tests.customers.related.behind import behind, company
from tests.customers.related.test_pages import show_data

NOW = timezone.now()


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def day(days: int) -> date:
    return timezone.localdate(ago(days))


def page(client: Client, customer: Customer, on: date | str, *, status: int = 200) -> str:
    answer = client.get(reverse("customer-related", args=[customer.pk]), {"on": str(on)})
    assert answer.status_code == status
    return answer.content.decode()


def sold() -> Customer:
    """A company that one person held 30 days ago and another holds since 10 days ago."""
    customer = company()
    with transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(created_at=ago(40))
    seller = behind(customer, "売主　一郎", share="100", now=ago(30))
    end_party(customer=customer, row_id=seller.pk, actor=SYSTEM, now=ago(10))
    buyer = behind(customer, "買主　二郎", share="100", now=ago(10))
    details = {"office": "東京法務局", "number": "1", "parties": [str(buyer.party)]}
    days = {"as_of_on": day(9), "filed_on": day(8)}
    take_paper(customer=customer, kind="DECLARATION", details=details, actor=SYSTEM, now=ago(5), **days)
    return customer


def test_the_owners_of_a_day_are_those_who_were_known_then(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer, client = sold(), staff_client(english(officer))
    show_data(client, customer)
    before, after = page(client, customer, day(20)), page(client, customer, day(3))
    assert "売主　一郎 holds 100%." in before
    assert "買主" not in before
    assert "東京法務局" not in before, "a paper that was taken in later"
    assert "買主　二郎 holds 100%." in after
    assert "東京法務局" in after
    for shown in (before, after):
        assert "As it was known at the end of" in shown
        assert reverse("customer-related-new", args=[customer.pk]) not in shown, "the past is not entered into"
    with transaction.atomic():
        looked = AuditEvent.objects.filter(event="customer.looked_back", target_id=str(customer.pk))
        assert [one.data["on"] for one in looked.order_by("id")] == [day(20).isoformat(), day(3).isoformat()]


def test_before_anybody_was_known_there_is_nobody(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer, client = sold(), staff_client(english(officer))
    show_data(client, customer)
    shown = page(client, customer, day(35))
    assert "売主" not in shown
    assert "No owner is known yet" in shown


def test_names_stay_covered_until_a_reason_is_given(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer, client = sold(), staff_client(english(officer))
    assert "売主　一郎" not in page(client, customer, day(20))
    with transaction.atomic():
        assert not AuditEvent.objects.filter(event="customer.looked_back").exists()


def test_a_day_to_come_or_none_at_all_is_refused(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer, client = sold(), staff_client(english(officer))
    for wrong in (day(-1), "2026-02-30", "x", ""):
        page(client, customer, wrong, status=422)
