"""The section that says how a customer can be reached: health with reasons, the score, and the address in parts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.test import Client
from django.urls import reverse

from customers.contacts.health import Health, Reason
from customers.models import ContactPoint, Customer
from customers.services import mark_contact_health
from tenants.models import Tenant, User
from tests.campaigns.acting import CONTACTS, enter
from tests.conftest import NOW

PARTS = ("東京都", "中央区", "日本橋", "1丁目2-3")


def page_of(client: Client, customer: Customer) -> str:
    return client.get(reverse("customer", args=[customer.pk])).content.decode()


def section_of(page: str) -> str:
    """From the section's heading to its end."""
    return page[page.index('id="reach"') :].partition("</section>")[0]


def learn(customer: Customer, channel: str, health: Health, reason: str, days_ago: int) -> None:
    with transaction.atomic():
        point = ContactPoint.objects.get(customer=customer, channel=channel)
        at = NOW - timedelta(days=days_ago)
        mark_contact_health(contact_ids=[point.pk], health=health, reason=reason, now=at)


def test_the_page_says_why_each_address_works_or_not(
    in_tenant: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    customer = enter(1)
    learn(customer, "POST", Health.RETURNED, "unknown_address", 3)
    learn(customer, "PHONE", Health.VERIFIED, Reason.SPOKEN_TO, 40)
    learn(customer, "EMAIL", Health.BOUNCED, "5.1.1", 9)
    learn(customer, "LINE", Health.BLOCKED, Reason.UNFOLLOWED, 20)
    section = section_of(page_of(staff_client(officer), customer))
    assert "badge--success" in section
    assert section.count("badge--danger") == 3
    assert section.count('class="num">90<') == 1
    assert "5.1.1" not in section, "codes are said in words"
    learn(customer, "PHONE", Health.BOUNCED, Reason.WRONG_NUMBER, 1)
    section = section_of(page_of(staff_client(officer), customer))
    assert section.count("badge--danger") == 5, "control: four addresses and the score"


def test_the_parts_of_an_address_stand_there_after_a_reason_only(
    in_tenant: Tenant, officer: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    customer = enter(1)
    client = staff_client(officer)
    masked = section_of(page_of(client, customer))
    assert not any(part in masked for part in PARTS)
    client.post(reverse("customer-reveal", args=[customer.pk]), {"reason": "INQUIRY"})
    shown = section_of(page_of(client, customer))
    assert all(f"{part}</span>" in shown for part in PARTS)
    assert not any(part in section_of(page_of(staff_client(approver), customer)) for part in PARTS)


def test_a_postal_code_of_another_place_is_pointed_out_and_nothing_is_changed(
    in_tenant: Tenant, officer: User, staff_client: Callable[[User], Client]
) -> None:
    customer = enter(1)
    client = staff_client(officer)
    plain = section_of(page_of(client, customer)).count("danger-text")
    elsewhere = {**CONTACTS["POST"], "postal_code": "5300001"}
    with transaction.atomic():
        point = ContactPoint.objects.get(customer=customer, channel="POST")
        point.value = elsewhere
        point.save()
    assert (plain, section_of(page_of(client, customer)).count("danger-text")) == (0, 1)
    with transaction.atomic():
        assert ContactPoint.objects.get(pk=point.pk).value == elsewhere
