"""The page that looks back: a day is asked for, values are masked until a reason is given, and it is on the record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from customers.models import AttributeChange, Customer
from customers.services import apply_facts
from retention.expiring import day_in_japan
from tenants.models import Tenant, User
from tenants.shredding import shred_person
from tests.campaigns.acting import enter
from tests.conftest import SYSTEM, SignIn

OLD, NEW = "taro@mail.example.jp", "jiro@mail.example.jp"


@pytest.fixture
def customer(in_tenant: Tenant, officer: User) -> Customer:
    """Entered three days ago; the officer changed the address for mail yesterday."""
    made = enter(1)
    now = timezone.now()
    with transaction.atomic():
        Customer.objects.filter(pk=made.pk).update(created_at=now - timedelta(days=3))
        made.refresh_from_db()
        apply_facts(
            customer=made,
            changes={"email": NEW},
            source=AttributeChange.Source.STAFF,
            actor=Actor.user(officer.pk),
            now=now - timedelta(days=1),
        )
    return made


def day(ago: int) -> str:
    return (day_in_japan(timezone.now()) - timedelta(days=ago)).isoformat()


def page(client: Client, customer: Customer, on: str = "") -> tuple[int, str]:
    response = client.get(reverse("customer-past", args=[customer.pk]), {"on": on} if on else {})
    return response.status_code, response.content.decode()


def acts(customer: Customer, event: str) -> list[AuditEvent]:
    with transaction.atomic():
        return list(AuditEvent.objects.filter(event=event, target_id=str(customer.pk)))


def show(client: Client, customer: Customer, **data: str) -> str:
    url = reverse("customer-reveal", args=[customer.pk])
    response = client.post(url, {"reason": "INSPECTION", **data})
    return str(response.headers.get("Location", response.status_code))


def test_a_value_is_masked_until_a_reason_is_given_and_both_are_recorded(
    customer: Customer, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    status, text = page(client, customer, day(2))
    assert status == 200
    assert OLD not in text
    assert acts(customer, "customer.looked_back") == []
    on = day(2)
    assert show(client, customer, on=on) == f"{reverse('customer-past', args=[customer.pk])}?on={on}"
    assert OLD in page(client, customer, day(2))[1]
    assert NEW not in page(client, customer, day(2))[1]
    assert NEW in page(client, customer)[1]
    assert [act.data for act in acts(customer, "customer.viewed")] == [{"reason": "INSPECTION"}]
    assert acts(customer, "customer.looked_back")[0].data == {"on": on}


@pytest.mark.parametrize("on", ["", "tomorrow", "2999-01-01", "//evil.example/"])
def test_a_day_that_is_none_leads_to_the_customers_page(
    on: str, customer: Customer, officer: User, staff_client: SignIn
) -> None:
    """The address that is gone back to is made here, never taken from the form."""
    assert show(staff_client(officer), customer, on=on) == reverse("customer", args=[customer.pk])


def test_it_says_who_changed_a_fact_when_and_since_when_the_rest_is_known(
    customer: Customer, officer: User, auditor: User, staff_client: SignIn
) -> None:
    response = staff_client(auditor).get(reverse("customer-past", args=[customer.pk]))
    lines = {row.shown.key: row for row in response.context["past"].rows}
    assert (lines["email"].who, lines["email"].source) == (officer.name, AttributeChange.Source.STAFF.label)
    assert (lines["name"].who, lines["name"].at) == ("", customer.created_at)
    assert lines["representative"].at is None if "representative" in lines else True
    assert NEW not in response.content.decode(), "an auditor sees masked data"
    before = staff_client(auditor).get(
        reverse("customer-past", args=[customer.pk]),
        {"on": day(2)},
    )
    (email,) = [row for row in before.context["past"].rows if row.shown.key == "email"]
    assert email.who == ""
    assert email.changed_at is not None


def test_before_the_entry_and_after_destruction_it_says_so(
    customer: Customer, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    url = reverse("customer-past", args=[customer.pk])
    early = client.get(url, {"on": day(9)})
    assert (early.status_code, early.context["past"].rows) == (200, [])
    assert early.context["past"].absence
    shred_person(customer.pk, actor=SYSTEM, now=timezone.now())
    gone = client.get(url)
    assert (gone.status_code, gone.context["past"].rows) == (200, [])
    assert gone.context["past"].absence != early.context["past"].absence


@pytest.mark.parametrize("on", ["2999-01-01", "x", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_cannot_be_is_refused_in_words(
    on: str, customer: Customer, officer: User, staff_client: SignIn
) -> None:
    status, text = page(staff_client(officer), customer, on)
    assert status == 422
    assert 'class="error-summary' in text


def test_a_sensitive_customer_needs_the_number_of_the_matter_here_too(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = enter(2, is_foreign_pep=True)
    client = staff_client(officer)
    assert show(client, customer) == "422"
    assert OLD not in page(client, customer)[1]
    show(client, customer, matter="2026-012")
    assert OLD in page(client, customer)[1]
