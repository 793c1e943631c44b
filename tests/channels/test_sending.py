"""What is sent, stopped, paused and told upwards, against the sandbox's servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from audit.models import AuditEvent
from channels.models import DeliveryAttempt, Letter
from channels.protocols import Channel
from channels.selectors import channels_with_work
from channels.services import (
    cancel_queued,
    chase_reports,
    pause_account,
    print_due,
    queue_notices,
    resume_account,
    send_due,
)
from channels.signals import deliveries_settled
from customers.models import ContactPoint
from tenants.keys import cipher
from tenants.models import Tenant
from tenants.scoping import TenantScopeError
from tests.channels.conftest import (
    EMAIL,
    LINE_USER,
    PHONE,
    SYSTEM,
    MakeCustomer,
    Queue,
    Weather,
    account_of,
    again,
    count,
    request_for,
)

Status = DeliveryAttempt.Status


def send(bank: Tenant, channel: Channel, now: datetime) -> int:
    """What the workers do for one channel."""
    if channel == Channel.POST:
        return print_due(tenant_id=bank.pk, now=now)
    return send_due(tenant_id=bank.pk, channel=channel, now=now)


@pytest.mark.parametrize("channel", list(Channel))
def test_a_due_notice_is_accepted_and_received_once(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime, channel: Channel
) -> None:
    attempt = queue(channel)
    assert send(bank, channel, now) == 1
    assert send(bank, channel, now) == 0
    sent = again(attempt)
    assert (sent.status, sent.tries, sent.failure_kind) == (Status.ACCEPTED, 1, "")
    assert sent.provider_reference
    assert sent.accepted_at == now
    assert len(weather.messages()) == 1


def test_settling_is_told_upwards_in_the_transaction_of_the_change(bank: Tenant, queue: Queue, now: datetime) -> None:
    told: list[tuple[list[object], str]] = []

    def hear(sender: object, attempt_ids: list[object], now: datetime, **kwargs: object) -> None:
        told.append((attempt_ids, str(DeliveryAttempt.objects.get(pk=attempt_ids[0]).status)))

    deliveries_settled.connect(hear)
    try:
        attempt = queue(Channel.SMS)
        send(bank, Channel.SMS, now)
    finally:
        deliveries_settled.disconnect(hear)
    assert told == [([attempt.pk], Status.ACCEPTED)]


def test_a_notification_message_goes_to_the_number_and_waits_for_confirmation(
    bank: Tenant, queue: Queue, now: datetime
) -> None:
    attempt = queue(Channel.LINE, "PHONE")
    send(bank, Channel.LINE, now)
    sent = again(attempt)
    assert (sent.method, sent.status) == ("pnp", Status.ACCEPTED)
    assert sent.lease_until == now + timedelta(hours=24)


def test_a_spent_allowance_stops_the_line_and_loses_nothing(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    weather.rule("line", "quota", first=1)
    attempt = queue(Channel.LINE)
    send(bank, Channel.LINE, now)
    account = account_of(Channel.LINE)
    assert (account.is_paused, account.pause_reason) == (True, "quota: monthly_limit")
    assert (again(attempt).status, again(attempt).tries) == (Status.QUEUED, 0)
    with transaction.atomic():
        assert channels_with_work(now=now) == []
    assert send(bank, Channel.LINE, now) == 0
    resume_account(account=account, actor=SYSTEM, now=now)
    assert send(bank, Channel.LINE, now) == 1
    assert again(attempt).status == Status.ACCEPTED


@pytest.mark.parametrize("channel", [Channel.LINE, Channel.SMS, Channel.POST])
def test_wrong_credentials_stop_the_line(bank: Tenant, queue: Queue, now: datetime, channel: Channel) -> None:
    with transaction.atomic():
        account = account_of(channel)
        for name in ("access_token", "auth_token", "token"):
            if name in account.credentials:
                account.credentials = {**account.credentials, name: "wrong"}
        account.save()
    attempt = queue(channel)
    send(bank, channel, now)
    assert again(attempt).status == Status.QUEUED
    account = account_of(channel)
    assert account.is_paused
    assert account.pause_reason.startswith("configuration")
    assert count(AuditEvent, event="provideraccount.paused") == 1


def test_a_letter_is_kept_as_printed(bank: Tenant, queue: Queue, now: datetime) -> None:
    attempt = queue(Channel.POST)
    send(bank, Channel.POST, now)
    with transaction.atomic():
        letter = Letter.objects.get(attempt=attempt)
        cipher()
    assert letter.pdf.startswith(b"%PDF-")
    assert len(letter.sha256) == 64


def test_asking_twice_queues_once(bank: Tenant, make_customer: MakeCustomer, now: datetime) -> None:
    """S9: the second request gets the attempt of the first, frozen as it was."""
    customer = make_customer()
    with transaction.atomic():
        point = ContactPoint.objects.get(customer=customer, channel="PHONE")
    request = request_for(customer, Channel.SMS, point, customer.pk)
    first = queue_notices(requests=[request], actor=SYSTEM, now=now)
    second = queue_notices(requests=[request, request], actor=SYSTEM, now=now)
    assert [a.pk for a in second] == [first[0].pk] * 2
    assert count(DeliveryAttempt) == 1
    assert count(AuditEvent, event="deliveryattempt.queued") == 1


def test_a_pause_holds_what_waits(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S14."""
    attempt = queue(Channel.SMS)
    pause_account(account=account_of(Channel.SMS), reason="by hand", actor=SYSTEM, now=now)
    assert send(bank, Channel.SMS, now) == 0
    assert again(attempt).status == Status.QUEUED


def test_a_cancelled_notice_is_not_sent(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    attempt = queue(Channel.SMS)
    assert cancel_queued(references=[attempt.notice.reference], actor=SYSTEM, now=now) == 1
    assert send(bank, Channel.SMS, now) == 0
    assert again(attempt).status == Status.CANCELLED
    assert weather.messages() == []


def test_a_hundred_messages_leave_in_one_call(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    for number in range(100):
        queue(Channel.SMS, PHONE=f"+8190{number:08d}")
    assert send(bank, Channel.SMS, now) == 100
    assert count(DeliveryAttempt, status=Status.ACCEPTED) == 100
    assert len(weather.messages("sms")) == 100


def test_the_other_banks_queue_is_never_touched(
    other_tenant: Tenant, bank: Tenant, queue: Queue, now: datetime
) -> None:
    attempt = queue(Channel.SMS)
    with pytest.raises(TenantScopeError):
        send_due(tenant_id=other_tenant.pk, channel=Channel.SMS, now=now)
    assert again(attempt).status == Status.QUEUED


def test_addresses_and_texts_stay_out_of_the_audit_trail(bank: Tenant, queue: Queue, now: datetime) -> None:
    """Rule 11."""
    for channel in Channel:
        queue(channel)
        send(bank, channel, now)
    with transaction.atomic():
        trail = " ".join(str(event.payload) for event in AuditEvent.objects.all())
    assert count(AuditEvent, event="deliveryattempt.accepted") == 4
    for secret in (PHONE, LINE_USER, EMAIL, "山田", "永福", "/r/"):
        assert secret not in trail


def test_a_spike_of_refusals_stops_the_line(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    weather.rule("sms", "21211")
    for number in range(70):
        queue(Channel.SMS, PHONE=f"+8190{number:08d}")
    send(bank, Channel.SMS, now)
    assert account_of(Channel.SMS).pause_reason == "spike: 64 of 64 refused"
    assert count(DeliveryAttempt, status=Status.QUEUED) == 6


def test_a_lost_callback_is_made_up_for(bank: Tenant, queue: Queue) -> None:
    """Nobody listens for callbacks here; Twilio's list tells what became of the message."""
    now = datetime.now(UTC)
    attempt = queue(Channel.SMS, not_before=now)
    send(bank, Channel.SMS, now)
    assert chase_reports(now=now + timedelta(minutes=14)) == 0
    assert chase_reports(now=now + timedelta(minutes=15)) == 1
    assert again(attempt).status == Status.DELIVERED
    assert chase_reports(now=now + timedelta(hours=3)) == 0


def test_a_message_that_stays_sent_is_asked_about_for_two_days(bank: Tenant, queue: Queue, weather: Weather) -> None:
    now = datetime.now(UTC)
    weather.rule("sms", "sent_forever")
    attempt = queue(Channel.SMS, not_before=now)
    send(bank, Channel.SMS, now)
    asked = sum(chase_reports(now=now + timedelta(hours=hour)) for hour in (1, 3, 49, 60))
    assert asked == 3
    assert (again(attempt).status, again(attempt).lease_until) == (Status.ACCEPTED, None)
