"""A text as one real customer would get it: on the record, masked for who may not see, and without anything sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from audit.models import AuditEvent
from channels.models import DeliveryAttempt, Notice
from customers.models import Customer
from tenants.models import Tenant, User
from tests.channels.conftest import MakeCustomer, Weather, count
from tests.channels.test_templates import english
from tests.conftest import SignIn


@pytest.fixture(autouse=True)
def in_english(bank: Tenant) -> Iterator[None]:
    with translation.override("en"):
        yield


def find(place: str) -> str:
    return reverse("template-customer-find", args=[place, 0])


def views() -> list[tuple[str, str]]:
    """Who was looked at, and why."""
    with transaction.atomic():
        events = AuditEvent.objects.filter(event="customer.viewed", kind=AuditEvent.Kind.ACT).order_by("id")
        return [(event.target_id, event.data["reason"]) for event in events]


@pytest.mark.parametrize(
    ("where", "shown", "covered"),
    [
        ("sms-request-ja", "090-1234-5678", "●●●-●●●●-5678"),
        ("email-request-ja", "setsuko@example.jp", "s●●●@example.jp"),
        ("post-request-ja", "コーポ永福203号", "東京都杉並区●●●●"),
        ("line-request-ja", "U0a0a0a", "U0a0a●●●●●●●●"),
    ],
)
def test_who_may_see_sees_it_on_the_record_and_who_may_not_sees_it_masked(
    officer: User,
    auditor: User,
    staff_client: SignIn,
    make_customer: MakeCustomer,
    weather: Weather,
    where: str,
    shown: str,
    covered: str,
) -> None:
    customer = make_customer()
    before = len(weather.messages())
    page = staff_client(english(officer)).post(find(where), {"number": customer.number}, follow=True).content.decode()
    assert shown in page
    assert "山田 節子" in page
    assert views() == [(str(customer.pk), "NOTICE")]
    masked = staff_client(english(auditor)).post(find(where), {"number": customer.number}, follow=True).content.decode()
    assert covered in masked
    assert shown not in masked
    assert "節子" not in masked
    assert len(views()) == 1, "nobody looked at anything"
    assert (len(weather.messages()), count(Notice), count(DeliveryAttempt)) == (before, 0, 0)


def test_the_address_alone_shows_nothing_that_was_not_asked_for_on_the_record(
    officer: User, staff_client: SignIn, make_customer: MakeCustomer
) -> None:
    customer = make_customer()
    client = staff_client(english(officer))
    page = reverse("template-customer", args=["email-request-ja", 0, customer.pk])
    assert "setsuko@" not in client.get(page).content.decode()
    letter = reverse("template-customer-letter", args=["post-request-ja", 0, customer.pk])
    assert client.get(letter).headers["Location"] == find("post-request-ja")
    client.post(find("email-request-ja"), {"number": customer.number})
    assert "setsuko@" in client.get(page).content.decode(), "positive control"
    pdf = client.get(letter)
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["Cache-Control"] == "no-store"


def test_a_sensitive_customer_is_shown_only_for_a_matter(
    officer: User, staff_client: SignIn, make_customer: MakeCustomer
) -> None:
    customer = make_customer()
    with transaction.atomic():
        Customer.objects.update(is_foreign_pep=True)
    client = staff_client(english(officer))
    assert client.post(find("sms-request-ja"), {"number": customer.number}).status_code == 422
    assert views() == []
    answer = client.post(find("sms-request-ja"), {"number": customer.number, "matter": "R-2026-15"})
    assert answer.status_code == 302
    assert len(views()) == 1


def test_what_keeps_the_text_from_a_customer_is_said(
    officer: User, staff_client: SignIn, make_customer: MakeCustomer
) -> None:
    far = {"postal_code": "1680064", "address": "東京都杉並区永福" + "あ" * 80}
    customer = make_customer(POST=far)
    client = staff_client(english(officer))
    client.post(find("post-request-ja"), {"number": customer.number})
    post = client.get(reverse("template-customer", args=["post-request-ja", 0, customer.pk])).content.decode()
    assert "The address does not fit the window of the envelope." in post
    assert "The letter as a PDF" not in post
    mail = client.get(reverse("template-customer", args=["email-request-en", 0, customer.pk])).content.decode()
    assert "not reached by this channel" in mail
    assert "the other language" in mail
    assert "no address on file" in mail


def test_an_unknown_number_is_said_to_be_one(officer: User, staff_client: SignIn) -> None:
    answer = staff_client(english(officer)).post(find("sms-request-ja"), {"number": "nobody"})
    assert answer.status_code == 422
    assert "There is no customer with this number." in answer.content.decode()
    empty = staff_client(english(officer)).post(find("sms-request-ja"), {})
    assert empty.status_code == 422
