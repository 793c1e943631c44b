"""What providers call back: signed by the sandbox, forged, replayed, malformed, out of order."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from audit.models import AuditEvent
from channels.models import DeliveryAttempt, WebhookEvent
from channels.protocols import Channel, ForgedWebhook
from channels.registry import webhook_url
from channels.services import print_due, process_inbox, receive_bounce, register_webhooks, send_due
from tenants.models import Tenant
from tests.channels.conftest import (
    LINE_USER,
    Listener,
    Queue,
    Weather,
    account_of,
    again,
    count,
    health_of,
    post_raw,
    relay_of,
)

Status = DeliveryAttempt.Status


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def client() -> Client:
    """Whoever calls."""
    return Client()


def line_call(*events: dict[str, object], secret: str = "sandbox-line-secret-asanagi") -> tuple[dict[str, str], bytes]:
    """A signed call of LINE."""
    body = json.dumps({"destination": "U" + "0" * 32, "events": events}).encode()
    signature = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    return {"X-Line-Signature": signature}, body


def line_event(kind: str, **more: object) -> dict[str, object]:
    """One event, with an id of its own."""
    return {"type": kind, "webhookEventId": uuid4().hex, "timestamp": 1763900000000, "mode": "active", **more}


def path_of(channel: Channel) -> str:
    """Where the bank's provider calls."""
    with transaction.atomic():
        return webhook_url(account_of(channel)).removeprefix(settings.PUBLIC_BASE_URL)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_twilios_callbacks_deliver_a_message(
    bank: Tenant, queue: Queue, weather: Weather, listener: Listener, client: Client, now: datetime, algorithm: str
) -> None:
    """The account's token and the shared key; the sandbox signs the address we gave it."""
    weather.set(twilio={"signature": algorithm})
    attempt = queue(Channel.SMS)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    calls = listener.wait(2)
    assert {post_raw(client, *call) for call in calls} == {200}
    process_inbox(now=now)
    delivered = again(attempt)
    assert delivered.status == Status.DELIVERED
    assert health_of(delivered) == "VERIFIED"


def test_a_handset_that_is_gone_fails_and_marks_the_number(
    bank: Tenant, queue: Queue, weather: Weather, listener: Listener, client: Client, now: datetime
) -> None:
    weather.rule("sms", "undelivered:30005")
    attempt = queue(Channel.SMS)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    assert set(listener.deliver(client, 2)) == {200}
    process_inbox(now=now)
    failed = again(attempt)
    assert (failed.status, failed.failure_code, health_of(failed)) == (Status.FAILED, "30005", "BOUNCED")


def test_a_delivery_event_confirms_a_notification_message(
    bank: Tenant, queue: Queue, listener: Listener, client: Client, now: datetime
) -> None:
    register_webhooks(now=now)
    attempt = queue(Channel.LINE, "PHONE")
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    assert listener.deliver(client, 1) == [200]
    process_inbox(now=now)
    assert again(attempt).status == Status.DELIVERED


def test_a_letter_is_posted_and_comes_back(
    bank: Tenant, queue: Queue, weather: Weather, listener: Listener, client: Client, now: datetime
) -> None:
    """Post is delivered until it returns; then its address is known to be dead."""
    weather.rule("post", "returned:unknown_address")
    weather.set(delay_ms={"post": [150, 150], "return": [400, 400]})
    attempt = queue(Channel.POST)
    print_due(tenant_id=bank.pk, now=now)
    calls = listener.wait(3)
    seen = []
    for call in calls:
        assert post_raw(client, *call) == 200
        process_inbox(now=now)
        seen.append(again(attempt).status)
    assert seen[-1] == Status.RETURNED
    assert Status.DELIVERED in seen
    assert again(attempt).failure_code == "unknown_address"
    assert health_of(attempt) == "RETURNED"


def test_the_order_of_callbacks_does_not_matter(
    bank: Tenant, queue: Queue, listener: Listener, client: Client, now: datetime
) -> None:
    """S18."""
    attempt = queue(Channel.SMS)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    for call in reversed(listener.wait(2)):
        assert post_raw(client, *call) == 200
        process_inbox(now=now)
    assert again(attempt).status == Status.DELIVERED


def test_a_replayed_callback_is_kept_once(
    bank: Tenant, queue: Queue, listener: Listener, client: Client, now: datetime
) -> None:
    """S18: replay and redelivery."""
    queue(Channel.SMS)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    calls = listener.wait(2)[:2]
    for _ in range(3):
        assert {post_raw(client, *call) for call in calls} == {200}
    assert count(WebhookEvent) == 2
    process_inbox(now=now)
    assert count(AuditEvent, event="deliveryattempt.delivered") == 1


def test_forged_and_altered_callbacks_are_refused_and_not_kept(
    bank: Tenant, queue: Queue, listener: Listener, client: Client, now: datetime
) -> None:
    """S18: bad signature, altered body, another attempt's address."""
    queue(Channel.SMS)
    other = queue(Channel.EMAIL)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    path, headers, body = listener.wait(1)[0]
    assert post_raw(client, path, {**headers, "X-Twilio-Signature": "AAAA"}, body) == 401
    assert post_raw(client, path, headers, body.replace(b"MessageStatus=", b"MessageStatus=un")) == 401
    stolen = path.rsplit("/", 2)[0] + f"/{other.pk}/"
    assert post_raw(client, stolen, headers, body) == 401
    assert count(WebhookEvent) == 0
    assert post_raw(client, path, headers, body) == 200  # the positive control
    assert count(WebhookEvent) == 1


@pytest.mark.parametrize("channel", [Channel.LINE, Channel.POST])
def test_an_unsigned_call_is_refused(bank: Tenant, client: Client, channel: Channel) -> None:
    """S18."""
    assert post_raw(client, path_of(channel), {}, b'{"events": [], "event_id": "1"}') == 401
    assert count(WebhookEvent) == 0


def test_another_channels_secret_opens_nothing(bank: Tenant, client: Client) -> None:
    """S18."""
    headers, body = line_call(line_event("follow"), secret="sandbox-line-secret-komorebi")
    assert post_raw(client, path_of(Channel.LINE), headers, body) == 401


def test_a_signed_call_that_cannot_be_read_is_answered_400(bank: Tenant, client: Client) -> None:
    """S18."""
    headers, _ = line_call()
    body = b'{"events": 7}'
    signature = base64.b64encode(hmac.digest(b"sandbox-line-secret-asanagi", body, hashlib.sha256)).decode()
    assert post_raw(client, path_of(Channel.LINE), {**headers, "X-Line-Signature": signature}, body) == 400


def test_a_call_to_nobody_a_get_and_a_flood_are_refused(bank: Tenant, client: Client) -> None:
    headers, body = line_call()
    assert post_raw(client, "/webhooks/line/0000000000000000/", headers, body) == 404
    assert client.get(path_of(Channel.LINE)).status_code == 405
    assert post_raw(client, path_of(Channel.LINE), headers, b"x" * 1_100_000) == 413
    wrong_kind = path_of(Channel.POST).replace("/print/", "/line/")
    assert post_raw(client, wrong_kind, headers, body) == 404


def test_lines_verification_call_without_events_is_welcome(bank: Tenant, client: Client) -> None:
    assert post_raw(client, path_of(Channel.LINE), *line_call()) == 200
    assert count(WebhookEvent) == 0


def test_an_unfollow_closes_the_channel_and_a_follow_opens_it(
    bank: Tenant, queue: Queue, client: Client, now: datetime
) -> None:
    attempt = queue(Channel.LINE)
    for kind, health in (("unfollow", "BLOCKED"), ("follow", "VERIFIED")):
        call = line_call(line_event(kind, source={"type": "user", "userId": LINE_USER}))
        assert post_raw(client, path_of(Channel.LINE), *call) == 200
        process_inbox(now=now)
        assert health_of(attempt) == health


def test_events_we_do_not_know_are_kept_and_change_nothing(bank: Tenant, client: Client, now: datetime) -> None:
    events = [
        line_event("somethingNew", field=1),
        line_event("message"),
        line_event("accountLink", link={"result": "ok"}),
    ]
    events.append(line_event("delivery", delivery={"data": "d41e0ad7"}))
    assert post_raw(client, path_of(Channel.LINE), *line_call(*events)) == 200
    assert process_inbox(now=now) == 4
    assert count(WebhookEvent, error="") == 4


def test_news_of_an_attempt_we_do_not_have_is_set_aside(bank: Tenant, client: Client, now: datetime) -> None:
    """S18: unknown id: 200, and a note."""
    event = line_event("delivery", delivery={"data": f"attempt-{uuid4()}"})
    assert post_raw(client, path_of(Channel.LINE), *line_call(event)) == 200
    process_inbox(now=now)
    assert count(WebhookEvent, error="unknown_attempt") == 1


def test_an_event_that_breaks_us_does_not_hold_up_the_next(
    bank: Tenant, queue: Queue, client: Client, now: datetime
) -> None:
    attempt = queue(Channel.LINE, "PHONE")
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    broken = line_event("delivery", delivery=None)
    good = line_event("delivery", delivery={"data": f"attempt-{attempt.pk}"})
    assert post_raw(client, path_of(Channel.LINE), *line_call(broken, good)) == 200
    process_inbox(now=now)
    assert count(WebhookEvent, error="AttributeError") == 1
    assert again(attempt).status == Status.DELIVERED


def dsn(status: str) -> bytes:
    """A bounced mail by the rules (RFC 3464)."""
    return (
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nno\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; x@y\r\nAction: failed\r\nStatus: {status}\r\n\r\n"
        "--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("status", "end", "health"), [("5.1.1", Status.FAILED, "BOUNCED"), ("5.2.2", Status.FAILED, "UNKNOWN")]
)
def test_a_bounce_to_the_signed_return_path_fails_the_mail(
    bank: Tenant, queue: Queue, now: datetime, status: str, end: str, health: str
) -> None:
    attempt = queue(Channel.EMAIL)
    send_due(tenant_id=bank.pk, channel=Channel.EMAIL, now=now)
    raw = dsn(status)
    with transaction.atomic():
        account = account_of(Channel.EMAIL)
        path = relay_of().return_path(attempt.pk)
        forged = path.replace(path.split(".")[1].split("@")[0], "0" * 16)
        with pytest.raises(ForgedWebhook):
            receive_bounce(account=account, raw=raw, recipient=forged, now=now)
        assert receive_bounce(account=account, raw=raw, recipient=path, now=now) == 1
    process_inbox(now=now)
    bounced = again(attempt)
    assert (bounced.status, bounced.failure_code, health_of(bounced)) == (end, status, health)


def test_the_mail_server_hands_bounces_to_a_command(
    bank: Tenant, queue: Queue, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A carrier's own words will do, if they hold a status."""
    attempt = queue(Channel.EMAIL)
    send_due(tenant_id=bank.pk, channel=Channel.EMAIL, now=now)
    account = account_of(Channel.EMAIL)
    with transaction.atomic():
        path = relay_of().return_path(attempt.pk)
    words = b"Subject: returned\r\n\r\nhost mx said: 550 5.1.1 no such user\r\n"
    forged = path.replace(path.split(".")[1].split("@")[0], "0" * 16)
    for recipient, problem in (("someone@asanagi.example", "no bounce"), (forged, "not signed")):
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(words)))
        with pytest.raises(CommandError, match=problem):
            call_command("receive_bounce", account.public_id, recipient)
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(words)))
    call_command("receive_bounce", account.public_id, path)
    process_inbox(now=now)
    assert (again(attempt).status, health_of(attempt)) == (Status.FAILED, "BOUNCED")
    with pytest.raises(CommandError, match="No account"):
        call_command("receive_bounce", "nobody", path)
