"""What mail services report through Anymail: the same words from each, nothing forged, nothing that breaks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from channels.protocols import (
    Call,
    ForgedWebhook,
    MalformedWebhook,
    Report,
)
from channels.providers.anymail_services import SERVICES
from tenants.identifiers import uuid7
from tests.channels.mail_services import EVENTS_KEY, MAILGUN_KEY, PASSWORD, TO, provider

BASIC = "Basic " + base64.b64encode(PASSWORD.encode()).decode()


def call(service: str, body: bytes, **headers: str) -> Call:
    """A signed report of a service."""
    signed = {"authorization": BASIC, "content-type": "application/json"}
    if service == "sendgrid":
        moment = "1767225600"
        signature = EVENTS_KEY.sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))
        signed["x-twilio-email-event-webhook-timestamp"] = moment
        signed["x-twilio-email-event-webhook-signature"] = base64.b64encode(signature).decode()
    return Call({**signed, **headers}, body, "https://keizoku.example/webhooks/mail/x/")


def signed_by_mailgun(event: dict[str, Any]) -> bytes:
    signature = hmac.new(MAILGUN_KEY.encode(), b"1767225600token", hashlib.sha256).hexdigest()
    signed = {"timestamp": "1767225600", "token": "token", "signature": signature}
    return json.dumps({"signature": signed, "event-data": {"timestamp": 1767225600.5, **event}}).encode()


ID = uuid7()


META = {"keizoku_id": str(ID)}


def postmark(**event: Any) -> bytes:
    return json.dumps({"Metadata": META, "MessageID": "m", **event}).encode()


def mailgun(**event: Any) -> bytes:
    return signed_by_mailgun({"user-variables": META, **event})


def mailjet(**event: Any) -> bytes:
    return json.dumps([{"time": 1767225600, "Payload": json.dumps(META), **event}]).encode()


def sendgrid(**event: Any) -> bytes:
    return json.dumps([{"timestamp": 1767225600, **META, **event}]).encode()


def sparkpost(**event: Any) -> bytes:
    said = {"timestamp": "1767225600", "rcpt_meta": META, **event}
    return json.dumps([{"msys": {"message_event": said}}]).encode()


HARD, FULL = "550 5.1.1 no such user", "552 5.2.2 mailbox full"
# outcome, kind of failure, code, is the address dead, did they ask us to stop
DELIVERED, ACCEPTED = ("delivered", None, "", 0, 0), ("accepted", None, "", 0, 0)
DEAD, COMPLAINT = ("failed", "permanent", "5.1.1", 1, 0), ("delivered", None, "complaint", 0, 1)
GONE = {"event": "failed", "severity": "permanent", "delivery-status": {"message": "5.1.1 unknown"}}


LATER = {"event": "failed", "severity": "temporary", "delivery-status": {"message": "x"}}


@pytest.mark.parametrize(
    ("service", "body", "expected"),
    [
        ("postmark", postmark(RecordType="Delivery", DeliveredAt="2026-01-01T00:00:00Z"), DELIVERED),
        ("postmark", postmark(RecordType="Bounce", Type="HardBounce", Details=f"smtp;{HARD}"), DEAD),
        ("postmark", postmark(RecordType="Bounce", Type="SoftBounce", Details=FULL),
         ("failed", "transient", "5.2.2", 0, 0)),
        ("postmark", postmark(RecordType="Bounce", Type="HardBounce", Description="unknown user"),
         ("failed", "permanent", "bounced", 0, 0)),
        ("postmark", postmark(RecordType="Bounce", Type="Transient", Details="smtp;451 wait"), ACCEPTED),
        ("postmark", postmark(RecordType="Bounce", Type="Blocked"), ("failed", "permanent", "rejected_blocked", 0, 0)),
        ("postmark", postmark(RecordType="Bounce", Type="BadEmailAddress"),
         ("failed", "permanent", "rejected_invalid", 1, 0)),
        ("postmark", postmark(RecordType="SpamComplaint", Type="SpamComplaint"), COMPLAINT),
        ("mailgun", mailgun(event="delivered"), DELIVERED),
        ("mailgun", mailgun(**LATER), ACCEPTED),
        ("mailgun", mailgun(**GONE), DEAD),
        ("mailgun", mailgun(event="complained"), COMPLAINT),
        ("mailgun", mailgun(event="unsubscribed"), ("accepted", None, "unsubscribed", 0, 1)),
        ("mailjet", mailjet(event="sent", MessageID=7), DELIVERED),
        ("mailjet", mailjet(event="bounce", error="user unknown", hard_bounce=True), DEAD),
        ("mailjet", mailjet(event="blocked", error="spam reporter"), ("failed", "permanent", "rejected_spam", 0, 1)),
        ("mailjet", mailjet(event="spam"), COMPLAINT),
        ("sendgrid", sendgrid(event="delivered"), DELIVERED),
        ("sendgrid", sendgrid(event="bounce", status="5.1.1", reason="gone"), DEAD),
        ("sendgrid", sendgrid(event="dropped", reason="Unsubscribed Address"),
         ("failed", "permanent", "rejected_unsubscribed", 0, 1)),
        ("sendgrid", sendgrid(event="processed"), ACCEPTED),
        ("sparkpost", sparkpost(type="delivery"), DELIVERED),
        ("sparkpost", sparkpost(type="bounce", bounce_class="10", raw_reason=HARD), DEAD),
        ("sparkpost", sparkpost(type="bounce", bounce_class="22", raw_reason="451 4.2.2 full"),
         ("failed", "transient", "4.2.2", 0, 0)),
        ("sparkpost", sparkpost(type="generation_failure"), ("failed", "transient", "service_failed", 0, 0)),
    ],
)  # fmt: skip
def test_a_report_says_the_same_from_every_service(service: str, body: bytes, expected: tuple[Any, ...]) -> None:
    """Hard or soft is told by what the other server answered; a repeat has the same name; no address is kept."""
    adapter = provider(service)
    [event] = adapter.verify(call(service, body))
    assert [event] == adapter.verify(call(service, body))
    [report] = adapter.read(event.body)
    assert isinstance(report, Report)
    assert report.attempt_id == ID
    said = (report.outcome, report.failure_kind, report.code, report.is_dead_address, report.is_opt_out)
    assert said == expected


@pytest.mark.parametrize(
    ("service", "body"),
    [
        ("postmark", postmark(RecordType="Open", Recipient=TO)),
        ("postmark", postmark(RecordType="Bounce", Type="AutoResponder")),
        ("postmark", json.dumps({"RecordType": "Delivery", "MessageID": "another mail's"}).encode()),
        ("mailjet", b"[]"),
        ("sparkpost", b'[{"msys": {}}]'),
    ],
)
def test_what_is_not_of_our_mail_or_says_nothing_is_not_kept(service: str, body: bytes) -> None:
    assert provider(service).verify(call(service, body)) == []


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_report_without_the_accounts_password_or_signature_is_forged(service: str) -> None:
    """S18. Positive control: the same bytes with both are taken."""
    bodies = {
        "mailgun": mailgun(event="delivered"),
        "mailjet": mailjet(event="sent"),
        "postmark": postmark(RecordType="Delivery"),
        "sendgrid": sendgrid(event="delivered"),
        "sparkpost": sparkpost(type="delivery"),
    }
    body = bodies[service]
    adapter, true = provider(service), call(service, body)
    assert len(adapter.verify(true)) == 1
    other = base64.b64encode(b"keizoku:other").decode()
    for login in ("", f"Basic {other}", "Basic !!", BASIC.replace("Basic", "Bearer")):
        with pytest.raises(ForgedWebhook):
            adapter.verify(call(service, body, authorization=login))
    if service == "sendgrid":
        with pytest.raises(ForgedWebhook):
            adapter.verify(Call(true.headers, body + b" ", true.url))
    if service == "mailgun":
        with pytest.raises(ForgedWebhook):
            adapter.verify(Call(true.headers, body.replace(b'"token": "token"', b'"token": "other"'), true.url))


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"7", b'{"RecordType": 7, "DeliveredAt": 7}', b"[" * 100_000])
def test_a_report_that_cannot_be_read_breaks_nothing(body: bytes) -> None:
    with pytest.raises(MalformedWebhook):
        provider().verify(call("postmark", body))
