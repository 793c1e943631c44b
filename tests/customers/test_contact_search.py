"""Whether a telephone number or e-mail address is a customer's: masked roles learn it for a reason, on record."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from customers.indexing import contact_index
from customers.models import ContactPoint
from tenants.models import Tenant, User
from tests.campaigns.acting import CONTACTS, enter
from tests.conftest import SignIn

KNOWN = (CONTACTS["EMAIL"], "090-1234-5678", "０９０１２３４５６７８", "+81 90 1234 5678")


@pytest.fixture(autouse=True)
def customer(in_tenant: Tenant) -> None:
    """One who is found by telephone and e-mail."""
    made = enter(1)
    with transaction.atomic():
        for point in ContactPoint.objects.filter(customer=made, channel__in=("PHONE", "EMAIL")):
            index = contact_index(point.channel, point.value)
            ContactPoint.objects.filter(pk=point.pk).update(value_index=index)


def ask(client: Client, words: str, **more: str) -> tuple[str, int]:
    """Where a search leads, and how many customers stand there."""
    answer = client.post(reverse("customer-search"), {"search": words, **more})
    if answer.status_code != 302:
        return "reason", answer.status_code
    page = client.get(answer.headers["Location"])
    return "list", len(page.context["rows"])


@transaction.atomic
def acts() -> list[dict[str, object]]:
    return [event.data for event in AuditEvent.objects.filter(event="tenant.contact_searched")]


@pytest.mark.parametrize("words", KNOWN)
def test_a_masked_role_is_asked_for_a_reason_whether_it_is_known_or_not(
    in_tenant: Tenant, auditor: User, staff_client: SignIn, words: str
) -> None:
    client = staff_client(auditor)
    assert ask(client, words) == ("reason", 200)
    assert ask(client, "nobody@mail.example.jp") == ("reason", 200), "the answer is the same"
    assert ask(client, words, asked="1") == ("reason", 422)
    assert ask(client, words, reason="CURIOSITY") == ("reason", 422)
    assert acts() == []
    assert ask(client, words, reason="INSPECTION") == ("list", 1)
    assert acts() == [{"reason": "INSPECTION"}], "and never the words themselves"


def test_a_role_that_sees_personal_data_finds_it_at_once(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    """The control."""
    client = staff_client(officer)
    assert [ask(client, words) for words in KNOWN] == [("list", 1)] * len(KNOWN)
    assert acts() == []


def test_names_and_numbers_are_found_without_a_reason(in_tenant: Tenant, auditor: User, staff_client: SignIn) -> None:
    assert ask(staff_client(auditor), "0000000001") == ("list", 1)
