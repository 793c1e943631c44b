"""Failures of every kind, and what becomes of the attempt: later, never, unknown, set aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.selectors import usable_channels
from channels.services import (
    print_due,
    reconcile_unknown,
    send_due,
)
from customers.models import ContactPoint
from tenants.models import Tenant
from tests.channels.conftest import (
    PHONE,
    Queue,
    Weather,
    again,
    change,
    health_of,
)

Status = DeliveryAttempt.Status


def send(bank: Tenant, channel: Channel, now: datetime) -> int:
    """What the workers do for one channel."""
    if channel == Channel.POST:
        return print_due(tenant_id=bank.pk, now=now)
    return send_due(tenant_id=bank.pk, channel=channel, now=now)


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


def test_a_snapshot_that_cannot_be_read_fails_alone(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S11."""
    bad, good = queue(Channel.SMS), queue(Channel.SMS, PHONE="+819087654321")
    change(bad, snapshot={"to": PHONE})
    send(bank, Channel.SMS, now)
    assert (again(bad).status, again(bad).failure_code) == (Status.FAILED, "unreadable")
    assert again(good).status == Status.ACCEPTED


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


def test_a_letter_that_cannot_be_printed_whole_fails_alone(bank: Tenant, queue: Queue, now: datetime) -> None:
    """A name with a character no font has must not be posted without it."""
    bad, good = (
        queue(Channel.POST, name="山\U00030edd子", POST={"postal_code": "1680064", "address": "東京都杉並区永福1-1"}),
        queue(Channel.POST),
    )
    send(bank, Channel.POST, now)
    assert (again(bad).status, again(bad).failure_code) == (Status.FAILED, "missing_glyph")
    assert again(good).status == Status.ACCEPTED
