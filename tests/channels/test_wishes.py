"""Opt-outs and ties to LINE as staff see them, and end them at the customer's word."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from channels.models import DeliveryAttempt, OptOut
from channels.protocols import Channel
from channels.selectors import usable_channels
from channels.settling import stop_channel
from customers.models import Customer
from tenants.models import Membership, Tenant, User
from tests.channels.conftest import EMAIL, PHONE, SYSTEM, MakeCustomer, Queue, again, count
from tests.channels.test_sending_pages import open_as

type StaffClient = Callable[[User], Client]
AT_THE_COUNTER = "At the counter of the branch"


@transaction.atomic
def stopped(attempt: DeliveryAttempt, code: str) -> UUID:
    """The owner asked us to stop; the id of what is remembered."""
    assert attempt.contact_point_id is not None
    stop_channel(
        contact_ids=[attempt.contact_point_id],
        channel=attempt.channel,
        code=code,
        actor=SYSTEM,
        now=timezone.now(),
    )
    found: UUID = OptOut.objects.get(contact_point=attempt.contact_point_id, channel=attempt.channel).pk
    return found


def test_the_page_lists_who_asked_to_stop_without_the_whole_address(
    staff_client: StaffClient, auditor: User, queue: Queue
) -> None:
    stopped(queue(Channel.SMS), "keyword")
    stopped(queue(Channel.EMAIL), "complaint")
    client = open_as(staff_client, auditor)
    page = client.get(reverse("sending-opt-outs")).content.decode()
    assert "Wrote the word for stopping to us" in page
    assert "Reported our e-mail as unwanted" in page
    assert PHONE not in page
    assert "5678" in page, "control: the end of the number is there"
    assert EMAIL not in page
    assert "End it" not in page, "an auditor looks and touches nothing"
    assert "Reported our e-mail" not in client.get(reverse("sending-opt-outs") + "?channel=SMS").content.decode()


def test_the_list_goes_on_page_by_page(staff_client: StaffClient, auditor: User, make_customer: MakeCustomer) -> None:
    with transaction.atomic():
        for number in range(51):
            customer = make_customer(PHONE=f"+8190{number:08d}")
            point = customer.contact_points.get()
            OptOut.objects.create(contact_point=point, channel="SMS", since=timezone.now(), code="21610")
    client = open_as(staff_client, auditor)
    first = client.get(reverse("sending-opt-outs"))
    rest = client.get(reverse("sending-opt-outs"), {"after": first.context["page"].next_cursor})
    assert (len(first.context["rows"]), len(rest.context["rows"])) == (50, 1)
    assert "(21610)" in first.content.decode()


def test_a_wish_is_ended_with_a_reason_and_once(staff_client: StaffClient, officer: User, queue: Queue) -> None:
    attempt = queue(Channel.SMS)
    address = reverse("sending-opt-out-end", args=[stopped(attempt, "keyword")])
    client = open_as(staff_client, officer)
    assert client.post(address, {"reason": ""}).status_code == 422
    assert count(OptOut) == 1
    assert client.post(address, {"reason": AT_THE_COUNTER}).status_code == 302
    assert client.post(address, {"reason": AT_THE_COUNTER}).status_code == 404, "a second click"
    assert (count(OptOut), count(AuditEvent, event="optout.ended_by_staff", actor_id=str(officer.pk))) == (0, 1)
    with transaction.atomic():
        customer = again(attempt).notice.customer_id
        assert Channel.SMS in usable_channels([customer])[customer]


def test_branch_staff_end_the_wishes_of_their_own_customers_only(
    staff_client: StaffClient, branch_staff: User, queue: Queue
) -> None:
    attempt = queue(Channel.SMS)
    address = reverse("sending-opt-out-end", args=[stopped(attempt, "keyword")])
    client = open_as(staff_client, branch_staff)
    assert client.post(address, {"reason": AT_THE_COUNTER}).status_code == 404
    assert count(OptOut) == 1
    with transaction.atomic():
        Customer.objects.update(branch_code=Membership.objects.get(user=branch_staff).branch_code)
    assert client.post(address, {"reason": AT_THE_COUNTER}).status_code == 302, "control: their own branch's"
    assert count(OptOut) == 0


def test_staff_untie_a_line_account_and_what_waits_goes_another_way(
    staff_client: StaffClient, officer: User, queue: Queue
) -> None:
    waiting = queue(Channel.LINE)
    client = open_as(staff_client, officer)
    customer = again(waiting).notice.customer_id
    address = reverse("customer-line-end", args=[customer])
    assert address in client.get(reverse("customer", args=[customer])).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 422
    assert again(waiting).status == "QUEUED"
    client.post(address, {"reason": AT_THE_COUNTER})
    assert (again(waiting).status, again(waiting).failure_code) == ("FAILED", "untied")
    with transaction.atomic():
        event = AuditEvent.objects.get(event="customer.line_untied")
        assert (event.actor_id, event.data["reason"]) == (str(officer.pk), AT_THE_COUNTER)
    page = client.post(address, {"reason": AT_THE_COUNTER}, follow=True).content.decode()
    assert "No LINE account is tied to this customer." in page
    assert count(AuditEvent, event="customer.line_untied") == 1


@pytest.mark.parametrize("name", ["sending-opt-out-end", "customer-line-end"])
def test_another_bank_finds_neither(
    other_officer: User, staff_client: StaffClient, queue: Queue, bank: Tenant, name: str
) -> None:
    attempt = queue(Channel.SMS)
    opt_out = stopped(attempt, "keyword")
    pk = opt_out if name == "sending-opt-out-end" else again(attempt).notice.customer_id
    theirs = staff_client(other_officer)
    assert Context().run(theirs.post, reverse(name, args=[pk]), {"reason": "x"}).status_code == 404
    assert count(OptOut) == 1
