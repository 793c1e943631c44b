"""A customer's timeline: everything about them, by topic, and what each change made of the file."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.services import Actor, record
from customers.models import AttributeChange, Customer
from customers.services import apply_facts
from outreach.services import make_task
from tenants.models import Tenant, User
from tests.campaigns.acting import enter, notified, open_for_business
from tests.conftest import NOW, SignIn
from tests.reporting.test_views import english


@transaction.atomic
def change(customer: Customer, officer: User, *, minutes: int = 0, **facts: object) -> None:
    apply_facts(
        customer=customer,
        changes=facts,
        source=AttributeChange.Source.STAFF,
        actor=Actor.user(officer.pk),
        now=NOW + timedelta(minutes=minutes),
    )


def shown(client: Client, customer: Customer, **query: str) -> str:
    return client.get(reverse("customer-timeline", args=[customer.pk]), query).content.decode()


def test_a_change_tells_what_each_fact_was_and_became_masked_until_a_reason_is_given(
    in_tenant: Tenant, officer: User, auditor: User, staff_client: SignIn
) -> None:
    customer = enter(1)
    change(customer, officer, email="new@mail.example.jp", occupation="retired")
    client = staff_client(english(officer))
    page = shown(client, customer)
    assert "taro@mail.example.jp" not in page
    assert "new@mail.example.jp" not in page
    assert "<del>t●●●@mail.example.jp</del> → <ins>n●●●@mail.example.jp</ins>" in page
    assert "<del>Company employee</del> → <ins>Retired or not employed</ins>" in page

    answer = client.post(
        reverse("customer-reveal", args=[customer.pk]), {"reason": "INQUIRY", "page": "timeline"}, follow=True
    )
    assert answer.redirect_chain == [(reverse("customer-timeline", args=[customer.pk]), 302)]
    assert "<del>taro@mail.example.jp</del> → <ins>new@mail.example.jp</ins>" in answer.content.decode()

    masked = shown(staff_client(english(auditor)), customer)
    assert "new@mail.example.jp" not in masked
    assert reverse("customer-reveal", args=[customer.pk]) not in masked


def test_it_begins_with_how_the_customer_came_into_the_book(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = enter(1)
    client = staff_client(english(officer))
    assert "Customer 0000000001 was entered in the customer book." in shown(client, customer)
    assert "was entered in the customer book" not in shown(client, customer, topic="notices")


def test_it_can_be_narrowed_to_a_topic(in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn) -> None:
    open_for_business()
    customer = enter(1)
    notified(officer, approver)
    change(customer, officer, occupation="retired")
    client = staff_client(english(officer))
    client.post(reverse("customer-reveal", args=[customer.pk]), {"reason": "INQUIRY"})
    make_task(customer=customer, kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    sentences = {
        "file": "updated the file of customer",
        "notices": "A notice to customer 0000000001 is waiting to be sent.",
        "calls": "A call or visit to customer 0000000001 was planned.",
        "looks": "looked at the personal data of customer 0000000001.",
    }
    everything = shown(client, customer)
    for topic, sentence in sentences.items():
        assert sentence in everything
        page = shown(client, customer, topic=topic)
        assert [other for other in sentences.values() if other in page] == [sentence], topic
    assert shown(client, customer, topic="no such").count('class="event"') == everything.count('class="event"')


def test_a_hundred_changes_cost_the_queries_of_one(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer = enter(1)
    client = staff_client(officer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(client, customer)
        return len(captured)

    change(customer, officer, occupation="retired")
    shown(client, customer)  # whoever asks first pays for what the process then knows
    few = queries()
    for minutes in range(1, 41):
        change(customer, officer, minutes=minutes, occupation=["employee", "retired"][minutes % 2])
    assert queries() == few


def test_an_older_page_of_it_shows_what_the_first_did_not(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = enter(1)
    with transaction.atomic():
        for minutes in range(60):
            record("customer.rated", target=customer, actor=Actor.system("risk"), at=NOW + timedelta(minutes=minutes))
    client = staff_client(english(officer))
    first = client.get(reverse("customer-timeline", args=[customer.pk]))
    assert "was entered in the customer book" not in first.content.decode()
    older = shown(client, customer, after=first.context["page"].next_cursor)
    assert "was entered in the customer book" in older
    assert older.count('class="event"') == 11
