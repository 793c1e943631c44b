"""A customer's overview: the latest events, and beside each fact what it was before, masked like the fact itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from customers.models import AttributeChange, Customer
from customers.recording import Change, change_customers
from reporting.fact_history import LATEST, Told
from tenants.models import Tenant, User
from tenants.shredding import shred_person
from tests.campaigns.acting import enter
from tests.conftest import SYSTEM, SignIn

OLD, NEW = "taro@mail.example.jp", "jiro@mail.example.jp"


@pytest.fixture
def customer(in_tenant: Tenant, officer: User) -> Customer:
    """The officer changed the address for mail yesterday, as the customer asked."""
    made = enter(1)
    change(made, officer, "email", NEW)
    return made


def change(customer: Customer, officer: User, key: str, value: object, days: int = 1) -> None:
    with transaction.atomic():
        change_customers(
            {customer.pk: Change({key: value}, reason="ASKED")},
            source=AttributeChange.Source.STAFF,
            actor=Actor.user(officer.pk),
            now=timezone.now() - timedelta(days=days),
        )


def look(client: Client, customer: Customer) -> tuple[dict[str, Told], str]:
    response = client.get(reverse("customer", args=[customer.pk]))
    assert response.status_code == 200
    return {told.shown.key: told for told in response.context["facts"]}, response.content.decode()


def test_a_fact_that_changed_says_what_it_was_who_changed_it_and_why(
    customer: Customer, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    client.post(reverse("customer-reveal", args=[customer.pk]), {"reason": "REVIEW"})
    facts, text = look(client, customer)
    (step,) = facts["email"].steps
    assert (step.before, step.after, step.who) == (OLD, NEW, officer.name)
    assert step.source == str(AttributeChange.Source.STAFF.label)
    assert step.reason
    assert facts["phone"].steps == []
    assert text.count('class="was"') == 1
    assert OLD in text


def test_what_it_was_is_masked_until_a_reason_is_given_and_for_roles_that_never_see_it(
    customer: Customer, officer: User, auditor: User, staff_client: SignIn
) -> None:
    for user in (officer, auditor):
        facts, text = look(staff_client(user), customer)
        assert facts["email"].steps[0].is_masked
        assert OLD not in text
        assert NEW not in text


def test_only_the_latest_changes_of_a_fact_are_shown_and_the_page_costs_the_same(
    customer: Customer, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    look(client, customer)
    with CaptureQueriesContext(connection) as few:
        look(client, customer)
    for number in range(LATEST + 3):
        change(customer, officer, "purpose", ("savings", "living")[number % 2], days=0)
    look(client, customer)  # the clock of a session is written once a minute, not while queries are counted
    with CaptureQueriesContext(connection) as many:
        facts, _text = look(client, customer)
    assert len(many) == len(few)
    assert len(facts["purpose"].steps) == LATEST
    assert facts["purpose"].is_more
    assert not facts["email"].is_more


def test_the_latest_events_stand_on_the_overview_with_the_way_to_the_rest(
    customer: Customer, officer: User, staff_client: SignIn
) -> None:
    response = staff_client(officer).get(reverse("customer", args=[customer.pk]))
    assert len(response.context["latest"]) >= 1
    assert response.context["latest"][0].turns[0].after != NEW, "masked like the fact"
    assert 'id="latest"' in response.content.decode()


def test_a_destroyed_customers_overview_still_opens(customer: Customer, officer: User, staff_client: SignIn) -> None:
    shred_person(customer.pk, actor=SYSTEM, now=timezone.now())
    facts, text = look(staff_client(officer), customer)
    assert all(told.steps == [] for told in facts.values())
    assert OLD not in text
