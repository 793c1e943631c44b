"""An aggregator of short messages behind the engine: its options, its reports by the real route, and refusals."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from channels.models import DeliveryAttempt, OptOut, WebhookEvent
from channels.protocols import (
    AmbiguousFailure,
    ConfigurationFailure,
    Failure,
    FailureKind,
    Message,
    OptOutNews,
    Outcome,
    PermanentFailure,
    QuotaFailure,
    Report,
    TransientFailure,
)
from channels.protocols import Channel as Kind
from channels.providers.sms_gateway import SmsGateway
from channels.registry import forget_providers, provider_of, webhook_url
from channels.services import ensure_accounts, process_inbox, reconcile_unknown, send_due
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tests.channels.conftest import (
    PHONE,
    SYSTEM,
    Listener,
    Queue,
    Weather,
    account_of,
    again,
    count,
    health_of,
    post_raw,
)
from tests.channels.test_contract import gateway_account

Status = DeliveryAttempt.Status
SECRET = "sandbox-gateway-secret-asanagi"


@pytest.fixture
def now() -> datetime:
    """The sandbox lives by the real clock."""
    return datetime.now(UTC)


@pytest.fixture
def at_the_gateway(
    bank: Tenant, weather: Weather, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The bank's short messages leave by the aggregator."""
    monkeypatch.setattr(settings, "SANDBOX_URL", weather.sandbox.url)
    account = gateway_account(weather.sandbox.url)
    ensure_accounts(accounts={"SMS": account}, actor=SYSTEM, now=now)
    yield account
    forget_providers()


def path_of_reports() -> str:
    """Where the aggregator calls."""
    with transaction.atomic():
        return webhook_url(account_of(Kind.SMS)).removeprefix(settings.PUBLIC_BASE_URL)


def tell(document: Any, *, secret: str = SECRET) -> int:
    """A call of the aggregator, signed."""
    body = json.dumps(document).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return post_raw(Client(), path_of_reports(), {"X-Signature": f"sha256={signature}"}, body)


def test_a_message_leaves_and_its_reports_come_by_the_route(
    at_the_gateway: Any, bank: Tenant, queue: Queue, listener: Listener, weather: Weather, now: datetime
) -> None:
    attempt = queue(Kind.SMS)
    send_due(tenant_id=bank.pk, channel=Kind.SMS, now=now)
    assert set(listener.deliver(Client(), 2)) == {200}
    process_inbox(now=now)
    delivered = again(attempt)
    assert (delivered.status, health_of(delivered)) == (Status.DELIVERED, "VERIFIED")
    assert delivered.provider_reference.startswith("gw-")
    assert len(weather.messages("sms")) == 1


def test_replayed_forged_and_altered_reports(
    at_the_gateway: Any, bank: Tenant, queue: Queue, listener: Listener, now: datetime
) -> None:
    """S18: with the untouched call as the control."""
    queue(Kind.SMS)
    send_due(tenant_id=bank.pk, channel=Kind.SMS, now=now)
    path, headers, body = listener.wait(1)[0]
    client = Client()
    assert post_raw(client, path, {}, body) == 401
    assert post_raw(client, path, {**headers, "X-Signature": "sha256=" + "0" * 64}, body) == 401
    assert post_raw(client, path, headers, body.replace(b"sent", b"delivered")) == 401
    assert tell({"client_reference": str(uuid4()), "status": "sent"}, secret=f"{SECRET}-of-another") == 401
    assert count(WebhookEvent) == 0
    assert [post_raw(client, path, headers, body) for _ in range(2)] == [200, 200]
    assert count(WebhookEvent) == 1


def test_the_route_refuses_what_it_cannot_read(at_the_gateway: Any, queue: Queue, now: datetime) -> None:
    assert tell(7) == tell(["a"]) == 400
    assert Client().get(path_of_reports()).status_code == 405
    assert post_raw(Client(), path_of_reports().replace("/sms/", "/line/"), {}, b"{}") == 404
    assert tell({"client_reference": "somebody else's", "status": "sent"}) == 200
    assert count(WebhookEvent) == 0
    assert tell({"client_reference": str(uuid4()), "status": "delivered"}) == 200
    process_inbox(now=now)
    assert count(WebhookEvent, error="unknown_attempt") == 1


def test_a_number_that_is_none_is_not_tried_again(
    at_the_gateway: Any, bank: Tenant, queue: Queue, weather: Weather, listener: Listener, now: datetime
) -> None:
    weather.rule("sms", "undelivered:30005")
    attempt = queue(Kind.SMS)
    send_due(tenant_id=bank.pk, channel=Kind.SMS, now=now)
    assert set(listener.deliver(Client(), 2)) == {200}
    process_inbox(now=now)
    failed = again(attempt)
    assert (failed.status, failed.failure_code, health_of(failed)) == (
        Status.FAILED, "UNKNOWN_SUBSCRIBER", "BOUNCED",
    )  # fmt: skip


def test_an_unclear_message_is_asked_about_by_our_key(
    at_the_gateway: Any, bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S7c."""
    weather.rule("sms", "fail_after", first=1)
    attempt = queue(Kind.SMS)
    send_due(tenant_id=bank.pk, channel=Kind.SMS, now=now)
    assert again(attempt).status == Status.UNKNOWN
    reconcile_unknown(now=now + timedelta(minutes=1))
    assert again(attempt).status in (Status.ACCEPTED, Status.DELIVERED)
    assert len(weather.messages("sms")) == 1


def test_a_customer_stops_by_answering(at_the_gateway: Any, bank: Tenant, queue: Queue, now: datetime) -> None:
    attempt = queue(Kind.SMS)
    answer = {"message_id": "in-1", "answer_from": "09012345678", "answer_text": "停止"}
    assert tell([answer, {**answer, "answer_text": "口座は1234567です"}]) == 200
    assert count(WebhookEvent) == 1
    process_inbox(now=now)
    assert (again(attempt).status, count(OptOut)) == (Status.FAILED, 1)


def test_an_address_inside_our_own_network_is_never_asked(
    at_the_gateway: dict[str, Any], bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """A tenant typed it in. Nothing leaves, nothing is lost, the account stops; the control is the sandbox's own."""
    attempt = queue(Kind.SMS)
    options = at_the_gateway["options"]
    for url in ("http://127.0.0.1:1/x", "https://169.254.169.254/latest", "https://127.1/x", "ftp://x.example/"):
        inside = {**at_the_gateway, "options": {**options, "addresses": {"send": url, "status": url}}}
        ensure_accounts(accounts={"SMS": inside}, actor=SYSTEM, now=now)
        adapter: Any = adapter_of_the_bank()
        with pytest.raises(ConfigurationFailure) as refused:
            adapter.send(message())
        assert refused.value.code.startswith("address_")
    send_due(tenant_id=bank.pk, channel=Kind.SMS, now=now)
    assert again(attempt).status == Status.QUEUED
    with transaction.atomic():
        assert account_of(Kind.SMS).is_paused
    ensure_accounts(accounts={"SMS": at_the_gateway}, actor=SYSTEM, now=now)
    assert adapter_of_the_bank().send(message()).reference.startswith("gw-")


def adapter_of_the_bank() -> Any:
    with transaction.atomic():
        return provider_of(account_of(Kind.SMS))


def message(to: str = PHONE) -> Message:
    """One that nobody sent before."""
    return Message(attempt_id=uuid7(), to=to, text="ご確認ください", link="https://x.example/r/1/")


@dataclass
class Wire:
    """Answers as told, and keeps what was asked: the adapter's own half without a network."""

    answer: httpx.Response | Exception
    asked: list[httpx.Request]

    def gateway(self, **options: Any) -> SmsGateway:
        """The adapter on this wire."""

        def respond(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        terms: dict[str, Any] = {
            "addresses": {"send": "https://sms.example/send", "status": "https://sms.example/of?k={key}"},
            "callback_url": "https://notice.example/webhooks/sms/1/",
            "sender": "21010",
            "token": "t0ken",
            "secret": "s",
        }
        return SmsGateway(http=httpx.Client(transport=httpx.MockTransport(respond)), **{**terms, **options})


def wire(status: int = 200, document: Any = None, headers: dict[str, str] | None = None) -> Wire:
    return Wire(httpx.Response(status, json={} if document is None else document, headers=headers), [])


@pytest.mark.parametrize(
    ("login", "secrets", "header", "value"),
    [
        ({}, {"token": "t"}, "Authorization", "Bearer t"),
        ({"kind": "header", "header": "X-Api-Token"}, {"token": "t"}, "X-Api-Token", "t"),
        ({"kind": "basic"}, {"username": "u", "password": "p"}, "Authorization", "Basic dTpw"),
    ],
)
def test_it_says_who_we_are_as_the_aggregator_wants(
    login: dict[str, str], secrets: dict[str, str], header: str, value: str
) -> None:
    line = wire(document={"message_id": 12})
    assert line.gateway(login=login, **{"token": "", **secrets}).send(message()).reference == "12"
    assert line.asked[0].headers[header] == value


def test_fields_have_the_aggregators_names_and_numbers_its_form() -> None:
    line = wire(document={"result": {"id": "m-1"}})
    names = {
        "to": "destination.msisdn", "text": "body", "sender": "", "key": "userReference", "callback_url": "notifyUrl",
        "validity": "", "reference": "result.id",
    }  # fmt: skip
    said = message()
    receipt = line.gateway(names=names, number_format="national").send(said)
    assert receipt.reference == "m-1"
    assert json.loads(line.asked[0].content) == {
        "destination": {"msisdn": "09012345678"},
        "body": said.text,
        "userReference": str(said.attempt_id),
        "notifyUrl": "https://notice.example/webhooks/sms/1/",
    }


CODES = {
    "E1": "dead", "E2": "stopped", "E3": "permanent", "E4": "transient", "E5": "configuration", "E6": "quota",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "code", "failure"),
    [
        (400, "E1", PermanentFailure), (200, "E2", PermanentFailure), (422, "E3", PermanentFailure),
        (400, "E4", TransientFailure), (400, "E5", ConfigurationFailure), (400, "E6", QuotaFailure),
        (400, "?", PermanentFailure), (409, "", PermanentFailure), (401, "", ConfigurationFailure),
        (403, "", ConfigurationFailure), (404, "", ConfigurationFailure), (302, "", ConfigurationFailure),
        (402, "", QuotaFailure), (429, "", TransientFailure), (408, "", AmbiguousFailure),
        (500, "E1", AmbiguousFailure), (503, "", AmbiguousFailure),
    ],
)  # fmt: skip
def test_every_answer_means_one_kind_of_failure(status: int, code: str, failure: type[Failure]) -> None:
    line = wire(status, {"error_code": code}, {"Retry-After": "7"})
    with pytest.raises(failure) as failed:
        line.gateway(codes=CODES).send(message())
    assert failed.value.is_dead_address is (code == "E1" and failure is PermanentFailure)
    assert failed.value.is_opt_out is (code == "E2")
    if status == 429:
        assert failed.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (httpx.ConnectError("x"), TransientFailure), (httpx.ConnectTimeout("x"), TransientFailure),
        (httpx.ReadTimeout("x"), AmbiguousFailure), (httpx.RemoteProtocolError("x"), AmbiguousFailure),
        (httpx.WriteError("x"), AmbiguousFailure),
    ],
)  # fmt: skip
def test_only_what_certainly_never_left_is_transient(error: Exception, failure: type[Failure]) -> None:
    with pytest.raises(failure):
        Wire(error, []).gateway().send(message())


@pytest.mark.parametrize(("is_idempotent", "is_taken"), [(True, True), (False, False)])
def test_a_key_that_is_known_already_is_success_only_where_keys_are_promised(
    is_idempotent: bool, is_taken: bool
) -> None:
    gateway = wire(409, {"message_id": "m-1"}).gateway(is_idempotent=is_idempotent)
    assert gateway.may_repeat(PHONE) is is_idempotent
    if is_taken:
        assert gateway.send(message()).reference == "m-1"
    else:
        with pytest.raises(PermanentFailure):
            gateway.send(message())


def test_an_account_that_could_never_clear_a_doubt_sends_nothing() -> None:
    """Neither an inquiry nor keys: an answer that gets lost would stay unknown for ever."""
    line = wire()
    gateway = line.gateway(addresses={"send": "https://sms.example/send"})
    with pytest.raises(ConfigurationFailure, match="no_inquiry"):
        gateway.send(message())
    assert line.asked == []
    assert {finding.code: finding.is_ok for finding in gateway.check_setup()}["can_be_asked"] is False


@pytest.mark.parametrize(
    ("status", "document", "outcome"),
    [
        (200, {"status": "delivered"}, Outcome.DELIVERED), (200, {"status": "new word"}, Outcome.ACCEPTED),
        (200, {"status": "expired"}, Outcome.FAILED), (404, {}, None), (200, [], Outcome.ACCEPTED),
    ],
)  # fmt: skip
def test_an_inquiry_tells_what_became_of_it(status: int, document: Any, outcome: Outcome | None) -> None:
    line, said = wire(status, document), message()
    found = line.gateway().look_up(said, since=datetime.now(UTC))
    assert (found and found.outcome) == outcome
    assert str(line.asked[0].url) == f"https://sms.example/of?k={said.attempt_id}"


@pytest.mark.parametrize("status", [401, 429, 500])
def test_an_inquiry_that_is_refused_says_nothing(status: int) -> None:
    with pytest.raises(TransientFailure):
        wire(status).gateway().look_up(message(), since=datetime.now(UTC))


def test_reports_are_read_by_the_aggregators_words() -> None:
    gateway = wire().gateway(codes=CODES, statuses={"DELIVRD": "delivered", "UNDELIV": "failed"})
    key = str(uuid7())

    def read(**said: str) -> Any:
        blank = {"key": key, "reference": "m", "status": "", "code": "", "at": ""}
        return gateway.read(json.dumps({**blank, **said}).encode())

    [delivered] = read(status="DELIVRD", at="2026-11-22T05:12:00+09:00")
    assert (delivered.outcome, delivered.at) == (Outcome.DELIVERED, datetime(2026, 11, 21, 20, 12, tzinfo=UTC))
    [dead] = read(status="UNDELIV", code="E1", at="2026-11-22 05:12")
    assert isinstance(dead, Report)
    assert (dead.is_dead_address, dead.at, dead.failure_kind) == (True, None, FailureKind.PERMANENT)
    [unclear] = read(status="UNDELIV", code="E99")
    assert unclear.failure_kind == FailureKind.TRANSIENT
    assert read(status="something new") == []
    assert gateway.read(b'{"wish": "start", "from": "+819012345678"}') == [OptOutNews("+819012345678", False)]


def test_the_connection_test_asks_the_account(at_the_gateway: dict[str, Any], now: datetime) -> None:
    def found() -> dict[str, bool]:
        return {finding.code: finding.is_ok for finding in adapter_of_the_bank().check_setup()}

    assert found()["account_reachable"]
    wrong = {**at_the_gateway, "credentials": {"token": "wrong", "secret": SECRET}}
    ensure_accounts(accounts={"SMS": wrong}, actor=SYSTEM, now=now)
    assert not found()["account_reachable"]
