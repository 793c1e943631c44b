"""Customers who ask a sender of short messages to stop, by the carrier's code or by their own words."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from twilio.request_validator import RequestValidator

from audit.models import AuditEvent
from channels.keywords import Wish, wish_of
from channels.models import DeliveryAttempt, OptOut, WebhookEvent
from channels.protocols import Channel, Outcome, Report
from channels.registry import webhook_url
from channels.selectors import usable_channels
from channels.sending import claim_due, hand_over
from channels.services import apply_report, process_inbox, reconcile_unknown, send_due
from channels.settling import SYSTEM, settle
from retention.classes import erase_everywhere
from tenants.models import Tenant
from tests.channels.conftest import PHONE, MakeCustomer, Queue, Weather, account_of, again, count, health_of, post_raw

Status = DeliveryAttempt.Status


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


def write_to_us(text: str, *, sender: str = PHONE, token: str = "sandbox-twilio-asanagi", **more: str) -> int:
    """A customer's own message, as Twilio passes it on."""
    fields = {"MessageSid": f"SM{uuid4().hex}", "From": sender, "To": "+815050000000", "Body": text, **more}
    with transaction.atomic():
        url = webhook_url(account_of(Channel.SMS))
    headers = {
        "X-Twilio-Signature": RequestValidator(token).compute_signature(url, fields),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return post_raw(Client(), url.removeprefix(settings.PUBLIC_BASE_URL), headers, urlencode(fields).encode())


def channels_of(attempt: DeliveryAttempt) -> set[Channel]:
    """By what the attempt's customer can be reached now."""
    with transaction.atomic():
        return set(usable_channels([attempt.notice.customer_id])[attempt.notice.customer_id])


def test_a_number_that_said_stop_to_the_carrier_gets_no_more_short_messages(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """21610: the number works, so LINE and the telephone may still use it; whoever shares it is left alone too."""
    weather.rule("sms", "21610", equals=PHONE)
    first, later = queue(Channel.SMS), queue(Channel.SMS, not_before=now.replace(year=now.year + 1))
    other = queue(Channel.SMS, PHONE="+819087654321")
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    assert (again(first).status, again(first).failure_code) == (Status.FAILED, "21610")
    assert (again(later).status, again(later).failure_code) == (Status.FAILED, "opted_out")
    assert again(other).status == Status.ACCEPTED
    assert health_of(first) == "UNKNOWN"
    assert channels_of(first) == channels_of(later) == {Channel.LINE, Channel.EMAIL, Channel.POST}
    assert Channel.SMS in channels_of(other)
    assert count(OptOut) == count(AuditEvent, event="optout.began") == 2


@pytest.mark.parametrize(("word", "more"), [("STOP", {}), ("配信停止", {}), ("もういや", {"OptOutType": "STOP"})])
def test_a_customer_stops_by_answering_and_starts_again(
    bank: Tenant, queue: Queue, now: datetime, word: str, more: dict[str, str]
) -> None:
    waiting = queue(Channel.SMS, not_before=now)
    assert write_to_us(word, **more) == 200
    process_inbox(now=now)
    assert (again(waiting).status, again(waiting).failure_code) == (Status.FAILED, "opted_out")
    assert Channel.SMS not in channels_of(waiting)
    assert send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now) == 0
    assert write_to_us("ＳＴＡＲＴ") == 200
    process_inbox(now=now)
    assert Channel.SMS in channels_of(waiting)
    assert count(OptOut) == 0
    assert count(AuditEvent, event="optout.ended") == 1


def test_anything_else_a_customer_writes_is_not_even_kept(bank: Tenant, queue: Queue, now: datetime) -> None:
    attempt = queue(Channel.SMS)
    assert write_to_us("暗証番号は1234です。STOPしないでください") == 200
    assert count(WebhookEvent) == 0
    assert Channel.SMS in channels_of(attempt)


def test_nobody_but_the_carrier_can_stop_a_number(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S18, with the control that the same call well signed does."""
    attempt = queue(Channel.SMS)
    assert write_to_us("STOP", token="sandbox-twilio-komorebi") == 401
    assert process_inbox(now=now) == 0
    assert Channel.SMS in channels_of(attempt)
    assert write_to_us("STOP") == 200
    process_inbox(now=now)
    assert Channel.SMS not in channels_of(attempt)


def test_a_wish_to_stop_is_remembered_once_and_destroyed_with_the_customer(
    bank: Tenant, make_customer: MakeCustomer, now: datetime
) -> None:
    customer = make_customer()
    for _ in range(2):
        assert write_to_us("stop") == 200
    process_inbox(now=now)
    assert count(OptOut) == count(AuditEvent, event="optout.began") == 1
    with transaction.atomic():
        erase_everywhere([customer.pk])
    assert count(OptOut) == 0


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("STOP", Wish.STOP), (" stop. ", Wish.STOP), ("ｓｔｏｐ", Wish.STOP), ("「停止」", Wish.STOP),
        ("ｽﾄｯﾌﾟ", Wish.STOP),
        ("start", Wish.START), ("再開。", Wish.START), ("Please stop", None), ("停止しないで", None), ("", None),
    ],
)  # fmt: skip
def test_only_a_whole_word_is_a_wish(text: str, wish: Wish | None) -> None:
    assert wish_of(text) == wish


def test_a_callback_may_overtake_the_answer_that_caused_it(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S7a: delivered is known before the send has returned; what returns later changes nothing."""
    attempt = queue(Channel.SMS)
    claimed = claim_due(channel=Channel.SMS, now=now)
    results = hand_over(claimed)
    assert apply_report(report=Report(attempt.pk, Outcome.DELIVERED, reference="SM1"), actor=SYSTEM, now=now)
    assert settle(claim=claimed.claim, results=results, now=now) == []
    assert again(attempt).status == Status.DELIVERED


def test_a_callback_hours_later_ends_the_doubt(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    """S7b: nobody could say for hours, so nothing was sent again; then the report comes."""
    weather.rule("sms", "fail_after", first=1)
    attempt = queue(Channel.SMS)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    assert again(attempt).status == Status.UNKNOWN
    assert apply_report(report=Report(attempt.pk, Outcome.DELIVERED, reference="SM1"), actor=SYSTEM, now=now)
    assert again(attempt).status == Status.DELIVERED
    reconcile_unknown(now=now)
    assert send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now) == 0
    assert len(weather.messages("sms")) == 1


@pytest.mark.parametrize("first", [Outcome.DELIVERED, Outcome.FAILED])
def test_the_end_of_a_message_is_its_end(bank: Tenant, queue: Queue, now: datetime, first: Outcome) -> None:
    """S18: whatever comes after delivered or failed, in whatever order, is noted and changes nothing."""
    attempt = queue(Channel.SMS)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    for outcome in (Outcome.ACCEPTED, first, Outcome.ACCEPTED, Outcome.FAILED, Outcome.DELIVERED, first):
        apply_report(report=Report(attempt.pk, outcome, code="30003"), actor=SYSTEM, now=now)
    assert again(attempt).status == (Status.DELIVERED if first == Outcome.DELIVERED else Status.FAILED)
    assert count(AuditEvent, event="deliveryattempt.report_ignored") == 1
