"""Mail services through Anymail: what each is asked, what its answers mean, and that nothing is tracked."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from channels.models import DeliveryAttempt, OptOut, WebhookEvent
from channels.protocols import (
    AmbiguousFailure,
    Channel,
    ConfigurationFailure,
    Failure,
    FailureKind,
    Message,
)
from channels.providers.anymail import anymail_provider
from channels.providers.anymail_services import SERVICES
from channels.services import ensure_accounts, process_webhooks, reconcile_unknown, send_due
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tenants.outgoing import guarded_client
from tests.channels.conftest import SYSTEM, Listener, Queue, Weather, account_of, again, count, health_of
from tests.channels.mail_services import PASSWORD, SECRETS, TO, provider
from tests.channels.test_contract import mail_service_account, tell_mail_service

type Answer = tuple[int, dict[str, str], bytes]
GOOD: dict[str, bytes] = {
    "mailgun": b'{"id": "<1@asanagi.example>", "message": "Queued. Thank you."}',
    "mailjet": json.dumps(
        {"Messages": [{"Status": "success", "To": [{"Email": TO, "MessageID": 77, "MessageUUID": "u"}]}]}
    ).encode(),
    "postmark": json.dumps({"To": TO, "MessageID": "pm-1", "ErrorCode": 0, "Message": "OK"}).encode(),
    "sendgrid": b"",
    "sparkpost": b'{"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "sp-1"}}',
}


@dataclass
class Machine:
    """A service that gives one answer and keeps what it was asked."""

    url: str = ""
    answer: Answer = (200, {}, b"")
    wait: threading.Event | None = None
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """One, that the guard takes for the sandbox."""
    state = Machine()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if state.wait is not None:
                state.wait.wait(5)
            status, headers, said = state.answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(said))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(settings, "SANDBOX_URL", state.url)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield state
        if state.wait is not None:
            state.wait.set()
        server.shutdown()
        thread.join()


def message() -> Message:
    return Message(attempt_id=uuid7(), to=TO, text="本文です", subject="ご確認のお願い", html="<p>本文です</p>")


def said_by(service: str, body: bytes) -> dict[str, Any]:
    """What a request says, whatever form it has."""
    if service == "mailgun":
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}
    found: dict[str, Any] = json.loads(body)
    return found


def shown_by(headers: dict[str, str]) -> str:
    """What a request brings to show who asks, a login in clear."""
    kind, _, login = headers.get("authorization", "").partition(" ")
    return base64.b64decode(login).decode() if kind == "Basic" else " ".join(headers.values())


UNTRACKED: dict[str, Callable[[dict[str, Any]], object]] = {
    "mailgun": lambda said: (said["o:tracking-opens"], said["o:tracking-clicks"]) == ("no", "no"),
    "mailjet": lambda said: (said["Globals"]["TrackOpens"], said["Globals"]["TrackClicks"]) == ("disabled", "disabled"),
    "postmark": lambda said: (said["TrackOpens"], said["TrackLinks"]) == (False, "None"),
    "sendgrid": lambda said: {one["enable"] for one in said["tracking_settings"].values()} == {False},
    "sparkpost": lambda said: (said["options"]["open_tracking"], said["options"]["click_tracking"]) == (False, False),
}
NAMED: dict[str, Callable[[dict[str, Any]], object]] = {
    "mailgun": lambda said: said["v:keizoku_id"],
    "mailjet": lambda said: json.loads(said["Globals"]["EventPayload"])["keizoku_id"],
    "postmark": lambda said: said["Metadata"]["keizoku_id"],
    "sendgrid": lambda said: said["custom_args"]["keizoku_id"],
    "sparkpost": lambda said: said["metadata"]["keizoku_id"],
}


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_service_gets_the_mail_with_our_id_and_is_told_to_track_nothing(machine: Machine, service: str) -> None:
    """The account's own key, text and HTML, over the guarded client; the service's id is the receipt."""
    machine.answer = (202 if service == "sendgrid" else 200, {"Content-Type": "application/json"}, GOOD[service])
    mail = message()
    receipt = provider(service, api_url=machine.url).send(mail)
    [(_, headers, body)] = machine.asked
    said = said_by(service, body)
    assert NAMED[service](said) == str(mail.attempt_id)
    assert UNTRACKED[service](said)
    whole = json.dumps(said, ensure_ascii=False)
    assert all(part in whole for part in ("<p>本文です</p>", "ご確認のお願い", TO, "kakunin@asanagi.example"))
    assert (f"<{mail.attempt_id}@asanagi.example>" in whole) is SERVICES[service].keeps_id
    assert next(iter(SECRETS[service].values())) in shown_by(headers)
    assert headers["user-agent"] == "Keizoku"
    assert bool(receipt.reference)


@pytest.mark.parametrize(
    ("wrong", "service"),
    [
        ({"service": "console"}, "postmark"),
        ({"webhook_secret": ""}, "postmark"),
        ({"webhook_secret": "no-password:"}, "postmark"),
        ({"ignore_recipient_status": "1"}, "postmark"),
        ({"server_token": None, "api_key": "of another service"}, "postmark"),
        ({"debug_api_requests": "1"}, "postmark"),
        ({"webhook_signing_key": None}, "mailgun"),
        ({"tracking_webhook_verification_key": "nonsense"}, "sendgrid"),
    ],
)
def test_an_account_that_is_set_up_wrongly_makes_no_adapter(wrong: dict[str, Any], service: str) -> None:
    """Only listed services, only their settings, and never a webhook without a password."""
    values = {**SECRETS[service], "webhook_secret": PASSWORD, "service": service, **wrong}
    values = {name: value for name, value in values.items() if value is not None}
    sender = {"sender": "a@asanagi.example", "sender_name": "", "callback_url": ""}
    with guarded_client() as http, pytest.raises((KeyError, TypeError, ValueError)):
        anymail_provider(http=http, **sender, **values)


def test_an_address_of_our_own_network_is_never_called(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Positive control: as the sandbox's, the same address is called."""
    machine.answer = (200, {}, GOOD["postmark"])
    with monkeypatch.context() as patch:
        patch.setattr(settings, "SANDBOX_URL", "")
        for api_url in (machine.url, "https://127.0.0.1/", "https://localhost.localdomain:8443/"):
            with pytest.raises(ConfigurationFailure, match="address_"):
                provider(api_url=api_url).send(message())
    assert machine.asked == []
    provider(api_url=machine.url).send(message())
    assert len(machine.asked) == 1


def test_a_redirect_is_not_followed(machine: Machine) -> None:
    machine.answer = (307, {"Location": f"{machine.url}/elsewhere"}, b"")
    with pytest.raises(ConfigurationFailure, match="http_307"):
        provider(api_url=machine.url).send(message())
    assert len(machine.asked) == 1


POSTMARK_SAYS = '{{"ErrorCode": {0}, "Message": "x"}}'
INVALID_TO = b'{"ErrorCode": 300, "Message": "Invalid \'To\' address: \'setsuko@example.jp\'."}'


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, POSTMARK_SAYS.format(10).encode(), FailureKind.CONFIGURATION, "postmark_10"),
        (403, b"", FailureKind.CONFIGURATION, "http_403"),
        (404, b"", FailureKind.CONFIGURATION, "http_404"),
        (422, POSTMARK_SAYS.format(400).encode(), FailureKind.CONFIGURATION, "postmark_400"),
        (422, POSTMARK_SAYS.format(405).encode(), FailureKind.QUOTA, "postmark_405"),
        (402, b"", FailureKind.QUOTA, "http_402"),
        (422, POSTMARK_SAYS.format(300).encode(), FailureKind.PERMANENT, "http_422"),
        (422, INVALID_TO, FailureKind.PERMANENT, "rejected_invalid"),
        (400, b"", FailureKind.PERMANENT, "http_400"),
        (429, b"", FailureKind.TRANSIENT, "http_429"),
        (408, b"", FailureKind.AMBIGUOUS, "http_408"),
        (500, b"", FailureKind.AMBIGUOUS, "http_500"),
        (503, b"<html>", FailureKind.AMBIGUOUS, "http_503"),
        (200, b"<html>", FailureKind.AMBIGUOUS, "no_answer"),
    ],
)
def test_an_answer_means_what_the_engine_needs_to_know(
    machine: Machine, status: int, body: bytes, kind: FailureKind, code: str
) -> None:
    """No word of the answer, which may hold the address, gets into the failure."""
    machine.answer = (status, {"Retry-After": "7"}, body)
    with pytest.raises(Failure) as failed:
        provider(api_url=machine.url).send(message())
    assert (failed.value.kind, failed.value.code) == (kind, code)
    assert failed.value.is_dead_address is (code == "rejected_invalid")
    if status == 429:
        assert failed.value.retry_after is not None
        assert failed.value.retry_after.total_seconds() == 7


def test_mailjets_refusal_of_one_mail_is_no_success(machine: Machine) -> None:
    """Its API answers with a list in which this mail is marked as wrong, and Anymail raises nothing."""
    machine.answer = (400, {"Content-Type": "application/json"}, b'{"Messages": [{"Status": "error", "Errors": []}]}')
    with pytest.raises(Failure) as failed:
        provider("mailjet", api_url=machine.url).send(message())
    assert failed.value.kind == FailureKind.PERMANENT


def test_silence_after_the_mail_went_out_is_ambiguous(machine: Machine) -> None:
    machine.wait = threading.Event()
    with pytest.raises(AmbiguousFailure, match="no_answer"):
        provider(api_url=machine.url, seconds=0.3).send(message())
    assert len(machine.asked) == 1


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def service_account(
    bank: Tenant, weather: Weather, listener: Listener, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> Tenant:
    """The bank sends its e-mail through the service, which reports to the bank's own webhook address."""
    monkeypatch.setattr(settings, "SANDBOX_URL", weather.sandbox.url)
    with transaction.atomic():
        accounts: dict[str, Any] = {Channel.EMAIL: mail_service_account(weather.sandbox.url)}
        made = ensure_accounts(accounts=accounts, actor=SYSTEM, now=now)
    tell_mail_service(weather.sandbox.url, f"{listener.url}/webhooks/mail/{made[Channel.EMAIL].public_id}/")
    return bank


def test_a_mail_goes_out_and_its_delivery_comes_back(
    service_account: Tenant, queue: Queue, weather: Weather, listener: Listener, client: Client, now: datetime
) -> None:
    """Reports twice, and one that came late, change nothing (ranked states)."""
    attempt = queue(Channel.EMAIL)
    send_due(tenant_id=service_account.pk, channel=Channel.EMAIL, now=now)
    assert again(attempt).status == DeliveryAttempt.Status.ACCEPTED
    [kept] = weather.messages("email")
    assert (kept["id"], kept["details"]["tracked"]) == (again(attempt).provider_reference, "no")
    assert kept["details"]["message_id"] == f"<{attempt.pk}@asanagi.example>"
    assert listener.deliver(client, 1) == [200]
    assert listener.deliver(client, 1) == [200]
    process_webhooks(now=now)
    path, headers, body = listener.calls[0]
    late = {**json.loads(body), "RecordType": "Bounce", "Type": "Transient"}
    listener.calls.append((path, headers, json.dumps(late).encode()))
    assert listener.deliver(client, 2) == [200, 200]
    process_webhooks(now=now)
    assert again(attempt).status == DeliveryAttempt.Status.DELIVERED
    assert (count(WebhookEvent), health_of(attempt)) == (2, "VERIFIED")


@pytest.mark.parametrize(
    ("fate", "status", "health", "stops"),
    [
        ("bounce:5.1.1", "FAILED", "BOUNCED", 0),
        ("bounce:5.2.2", "FAILED", "UNKNOWN", 0),
        ("complaint", "DELIVERED", "VERIFIED", 1),
    ],
)  # fmt: skip
def test_a_bounce_or_a_complaint_is_heeded(
    service_account: Tenant, queue: Queue, weather: Weather, listener: Listener, client: Client, now: datetime,
    fate: str, status: str, health: str, stops: int,
) -> None:  # fmt: skip
    weather.rule("email", fate)
    attempt = queue(Channel.EMAIL)
    send_due(tenant_id=service_account.pk, channel=Channel.EMAIL, now=now)
    calls = 2 if fate == "complaint" else 1
    assert listener.deliver(client, calls) == [200] * calls
    process_webhooks(now=now)
    assert (again(attempt).status, health_of(attempt), count(OptOut)) == (status, health, stops)


def test_a_report_goes_to_the_account_it_names(
    service_account: Tenant, queue: Queue, listener: Listener, client: Client, now: datetime
) -> None:
    queue(Channel.EMAIL)
    send_due(tenant_id=service_account.pk, channel=Channel.EMAIL, now=now)
    path, headers, body = listener.wait(1)[0]
    stripped = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    public_id = account_of(Channel.EMAIL).public_id
    answers = [
        client.post(path.replace("/mail/", "/sms/"), data=body, content_type="application/json", headers=headers),
        client.post(path, data=body, content_type="application/json", headers=stripped),
        client.post(path.replace(public_id, "0" * 16), data=body, content_type="application/json", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [404, 401, 404]
    assert count(WebhookEvent) == 0


def test_a_mail_in_doubt_is_asked_for_and_never_repeated(
    service_account: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S9. What the service lists is accepted; what it does not list is given up, for the list may be late."""
    taken, lost = queue(Channel.EMAIL), queue(Channel.EMAIL, EMAIL="kenichi@example.jp")
    weather.set(
        rules=[
            {"provider": "email", "match": {"equals": "kenichi@example.jp"}, "outcome": "drop_before"},
            {"provider": "email", "match": {"contains": ""}, "outcome": "drop_after"},
        ]
    )
    send_due(tenant_id=service_account.pk, channel=Channel.EMAIL, now=now)
    assert {again(attempt).status for attempt in (taken, lost)} == {DeliveryAttempt.Status.UNKNOWN}
    weather.set(rules=[])
    reconcile_unknown(now=now + timedelta(minutes=1))
    [kept] = weather.messages("email")
    assert (again(taken).status, again(taken).provider_reference) == (DeliveryAttempt.Status.ACCEPTED, kept["id"])
    assert again(lost).status == DeliveryAttempt.Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(minutes=32))
    assert (again(lost).status, again(lost).failure_code) == (DeliveryAttempt.Status.FAILED, "no_answer")
    send_due(tenant_id=service_account.pk, channel=Channel.EMAIL, now=now + timedelta(minutes=40))
    assert len(weather.messages("email")) == 1
