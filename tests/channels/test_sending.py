"""Every channel's success and each kind of failure, against the sandbox's servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from audit.models import AuditEvent
from channels.models import DeliveryAttempt, Letter
from channels.protocols import Channel
from channels.selectors import channels_with_work, usable_channels
from channels.services import (
    cancel_queued,
    chase_reports,
    pause_account,
    print_due,
    queue_notices,
    reconcile_unknown,
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
    change,
    count,
    health_of,
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


def test_a_number_line_does_not_know_fails_for_good_but_stays_good_for_sms(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """422 means the next channel has its turn; the number itself is fine."""
    weather.rule("pnp", "unknown")
    attempt = queue(Channel.LINE, "PHONE")
    send(bank, Channel.LINE, now)
    failed = again(attempt)
    assert (failed.status, failed.failure_kind, failed.failure_code) == (Status.FAILED, "permanent", "http_422")
    assert health_of(failed) == ContactPoint.Health.UNKNOWN


def test_a_landline_fails_for_good_and_is_not_tried_by_sms_again(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    weather.rule("sms", "21614")
    attempt = queue(Channel.SMS)
    send(bank, Channel.SMS, now)
    failed = again(attempt)
    assert (failed.status, failed.failure_code) == (Status.FAILED, "21614")
    customer_id = attempt.notice.customer_id
    with transaction.atomic():
        usable = usable_channels([customer_id])[customer_id]
    assert Channel.SMS not in usable
    assert Channel.EMAIL in usable


@pytest.mark.parametrize(
    ("channel", "point", "provider"),
    [
        (Channel.LINE, "LINE", "line"),
        (Channel.LINE, "PHONE", "pnp"),
        (Channel.SMS, "", "sms"),
        (Channel.POST, "", "post"),
    ],
)
def test_throttling_waits_and_tries_again(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime, channel: Channel, point: str, provider: str
) -> None:
    weather.rule(provider, "rate_limited", first=1)
    attempt = queue(channel, point)
    send(bank, channel, now)
    weather.set(rules=[])  # a job that is tried again is another job to the shop
    waiting = again(attempt)
    assert (waiting.status, waiting.failure_kind, waiting.claim) == (Status.QUEUED, "transient", None)
    assert waiting.not_before > now
    assert send(bank, channel, now) == 0
    send(bank, channel, now + timedelta(minutes=2))
    assert again(attempt).status == Status.ACCEPTED
    assert len(weather.messages()) == 1


def test_the_fifth_failure_sets_a_message_aside(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    """S11: a row that never goes through ends, and the others are not held up."""
    weather.rule("sms", "rate_limited", equals=PHONE)
    bad, good = queue(Channel.SMS), queue(Channel.SMS, PHONE="+819087654321")
    for hour in range(6):
        send(bank, Channel.SMS, now + timedelta(hours=hour))
    poisoned = again(bad)
    assert (poisoned.status, poisoned.failure_kind, poisoned.tries) == (Status.FAILED, "poison", 5)
    assert again(good).status == Status.ACCEPTED


def test_a_snapshot_that_cannot_be_read_fails_alone(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S11."""
    bad, good = queue(Channel.SMS), queue(Channel.SMS, PHONE="+819087654321")
    change(bad, snapshot={"to": PHONE})
    send(bank, Channel.SMS, now)
    assert (again(bad).status, again(bad).failure_code) == (Status.FAILED, "unreadable")
    assert again(good).status == Status.ACCEPTED


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


def test_a_mailbox_that_does_not_exist_fails_for_good(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    weather.rule("email", "reject:550")
    attempt = queue(Channel.EMAIL)
    send(bank, Channel.EMAIL, now)
    assert (again(attempt).status, again(attempt).failure_kind) == (Status.FAILED, "permanent")


def test_a_relay_that_puts_off_is_asked_again(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    weather.rule("email", "defer", first=1)
    attempt = queue(Channel.EMAIL)
    send(bank, Channel.EMAIL, now)
    assert (again(attempt).status, again(attempt).failure_kind) == (Status.QUEUED, "transient")
    send(bank, Channel.EMAIL, now + timedelta(minutes=2))
    assert again(attempt).status == Status.ACCEPTED


def test_mail_lost_after_its_text_went_out_is_never_sent_again(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    weather.rule("email", "drop_after", first=1)
    attempt = queue(Channel.EMAIL)
    send(bank, Channel.EMAIL, now)
    assert again(attempt).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(minutes=5))
    assert again(attempt).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(minutes=40))
    assert (again(attempt).status, again(attempt).failure_kind) == (Status.FAILED, "ambiguous")
    assert len(weather.messages("email")) <= 1


def test_an_unclear_push_goes_again_under_the_same_key_with_the_same_body(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S4: accepted, then 500; the retry is answered 409, which is success. The customer hears once."""
    weather.rule("line", "fail_after", first=1)
    attempt = queue(Channel.LINE)
    send(bank, Channel.LINE, now)
    assert again(attempt).status == Status.QUEUED
    send(bank, Channel.LINE, now + timedelta(minutes=2))
    sent = again(attempt)
    assert (sent.status, sent.tries) == (Status.ACCEPTED, 2)
    assert sent.snapshot == attempt.snapshot
    assert len(weather.messages("line")) == 1


def test_an_unclear_short_message_is_found_in_the_list(bank: Tenant, queue: Queue, weather: Weather) -> None:
    """S7c: no callback ever comes; Twilio's list, by its own clock, has it by the unique link."""
    now = datetime.now(UTC)
    weather.rule("sms", "fail_after", first=1)
    attempt = queue(Channel.SMS, not_before=now)
    send(bank, Channel.SMS, now)
    assert again(attempt).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(minutes=1))
    found = again(attempt)
    assert found.status in (Status.ACCEPTED, Status.DELIVERED)
    assert found.provider_reference.startswith("SM")
    assert len(weather.messages("sms")) == 1


def test_an_unclear_short_message_that_was_never_listed_goes_again_once(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S7d."""
    weather.rule("sms", "fail_before", first=1)
    attempt = queue(Channel.SMS)
    send(bank, Channel.SMS, now)
    reconcile_unknown(now=now + timedelta(minutes=1))
    assert again(attempt).status == Status.UNKNOWN
    assert send(bank, Channel.SMS, now + timedelta(minutes=2)) == 0
    reconcile_unknown(now=now + timedelta(minutes=17))
    assert again(attempt).status == Status.QUEUED
    send(bank, Channel.SMS, now + timedelta(minutes=18))
    assert again(attempt).status == Status.ACCEPTED
    assert len(weather.messages("sms")) == 1


def test_an_unclear_notification_message_is_never_repeated(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S6: no retry key here, so only the delivery event within a day could tell."""
    weather.rule("pnp", "fail_after", first=1)
    attempt = queue(Channel.LINE, "PHONE")
    send(bank, Channel.LINE, now)
    assert again(attempt).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(hours=3))
    assert again(attempt).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(hours=25))
    assert (again(attempt).status, again(attempt).failure_kind) == (Status.FAILED, "ambiguous")


@pytest.mark.parametrize(("outcome", "letters"), [("fail_before", 1), ("fail_after", 1)])
def test_an_unclear_job_is_looked_up_and_printed_once(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime, outcome: str, letters: int
) -> None:
    weather.rule("post", outcome, first=1)
    attempt = queue(Channel.POST)
    send(bank, Channel.POST, now)
    weather.set(rules=[])
    assert again(attempt).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(minutes=1))
    send(bank, Channel.POST, now + timedelta(minutes=2))
    assert again(attempt).status in (Status.ACCEPTED, Status.DELIVERED)
    assert len(weather.messages("post")) == letters


def test_a_letter_is_kept_as_printed(bank: Tenant, queue: Queue, now: datetime) -> None:
    attempt = queue(Channel.POST)
    send(bank, Channel.POST, now)
    with transaction.atomic():
        letter = Letter.objects.get(attempt=attempt)
        cipher()
    assert letter.pdf.startswith(b"%PDF-")
    assert len(letter.sha256) == 64


def test_a_letter_that_cannot_be_printed_whole_fails_alone(bank: Tenant, queue: Queue, now: datetime) -> None:
    """A name with a character no font has must not be posted without it."""
    bad, good = (
        queue(Channel.POST, name="山\U00030edd子", POST={"postal_code": "1680064", "address": "東京都杉並区永福1-1"}),
        queue(Channel.POST),
    )
    send(bank, Channel.POST, now)
    assert (again(bad).status, again(bad).failure_code) == (Status.FAILED, "missing_glyph")
    assert again(good).status == Status.ACCEPTED


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
