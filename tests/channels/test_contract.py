"""What every adapter promises, asked of each against the sandbox: one suite, so that no port is LINE's or Twilio's own.

The engine believes an adapter: what it calls transient is sent again, what it calls permanent never is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.protocols import (
    Call,
    Channel,
    ConfigurationFailure,
    Failure,
    FailureKind,
    ForgedWebhook,
    Letter,
    LetterBatch,
    Message,
    Outcome,
    PermanentFailure,
    Receipt,
    Reconciles,
    Report,
    ReportsDelivery,
    TransientFailure,
)
from channels.registry import CALLBACKS, GUARDED, OUR_OPTIONS, PROVIDERS
from tenants.identifiers import uuid7
from tenants.outgoing import guarded_client
from tests.channels.conftest import EMAIL, LINE_USER, PHONE, Listener, Weather

NOWHERE = "http://127.0.0.1:9"
GATEWAY_CODES = {"NOT_MOBILE": "dead", "INVALID_NUMBER": "dead", "OPTED_OUT": "stopped", "UNKNOWN_SUBSCRIBER": "dead"}


@dataclass(frozen=True)
class Port:
    """One adapter and what to ask of it."""

    name: str
    provider: str  # in the registry
    weather: str  # in the sandbox's scenario
    to: str
    repeats: bool
    wrong: dict[str, Any]  # credentials that are not the bank's
    away: dict[str, Any]  # options that lead to a machine where nobody listens
    refused: str = ""  # the fate of an address that is none
    is_dead: bool = True  # and whether it is known to be none on any sender
    before: str = "fail_before"
    after: str = "fail_after"
    busy: str = "rate_limited"
    options: dict[str, Any] = field(default_factory=dict)
    signs_body: bool = True  # else its calls bring a password alone


LINE_WRONG, LINE_AWAY = {"access_token": "wrong"}, {"base_url": NOWHERE}
GATEWAY_AWAY = {"addresses": {"send": "https://nobody.invalid/messages", "status": "https://nobody.invalid/{key}"}}
PORTS = [
    Port("line", "line", "line", LINE_USER, True, LINE_WRONG, LINE_AWAY, "invalid", is_dead=False),
    Port("notification", "line", "pnp", PHONE, False, LINE_WRONG, LINE_AWAY, "unknown", is_dead=False),
    Port("twilio", "twilio", "sms", PHONE, False, {"auth_token": "wrong"}, {"base_url": NOWHERE}, "21614"),
    Port("gateway", "sms_gateway", "sms", PHONE, True, {"token": "wrong"}, GATEWAY_AWAY, "21614"),
    Port(
        "gateway without keys", "sms_gateway", "sms", PHONE, False, {"token": "wrong"}, GATEWAY_AWAY, "21614",
        options={"is_idempotent": False, "number_format": "national"},
    ),
    Port(
        "mail", "smtp", "email", EMAIL, False, {}, {"host": "127.0.0.1", "port": 9}, "reject:550",
        before="drop_before", after="drop_after", busy="defer",
    ),
    Port(
        "mail service", "anymail", "email", EMAIL, False, {"server_token": "wrong"}, {"api_url": "https://nobody.invalid"},
        "reject:550", is_dead=False, before="drop_before", after="drop_after", busy="defer", signs_body=False,
    ),
    Port("print", "print_shop", "post", "", True, {"token": "wrong"}, {"base_url": NOWHERE}),
]  # fmt: skip
each = pytest.mark.parametrize("port", PORTS, ids=lambda port: port.name)


class Tried:
    """An adapter under trial; a print shop takes each message as a job of one letter."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    def send(self, message: Message) -> Receipt:
        if not hasattr(self.adapter, "send_batch"):
            receipt: Receipt = self.adapter.send(message)
            return receipt
        letter = Letter(message.attempt_id, "山田 節子", "1680064", "", "0" * 18, message.link, 1, b"%PDF-1.7\n")
        return self.adapter.send_batch(LetterBatch(message.attempt_id, BEGAN, [letter]))  # type: ignore[no-any-return]  # any of the adapters

    def may_repeat(self, to: str) -> bool:
        return not hasattr(self.adapter, "may_repeat") or self.adapter.may_repeat(to)


BEGAN = timezone.now()
type Try = Callable[..., Tried]


def gateway_account(sandbox_url: str) -> dict[str, Any]:
    """The bank's account at the aggregator."""
    base = f"{sandbox_url}/sms-gateway/v1"
    return {
        "provider": "sms_gateway",
        "credentials": {"token": "sandbox-gateway-asanagi", "secret": "sandbox-gateway-secret-asanagi"},
        "options": {
            "addresses": {
                "send": f"{base}/messages", "status": f"{base}/messages/{{key}}", "account": f"{base}/account",
            },
            "sender": "21010",
            "codes": GATEWAY_CODES,
            "is_idempotent": True,
        },
    }  # fmt: skip


def mail_service_account(sandbox_url: str) -> dict[str, Any]:
    """The bank's account at the mail service."""
    return {
        "provider": "anymail",
        "credentials": {"server_token": "sandbox-postmark-asanagi", "webhook_secret": "keizoku:hook-password"},
        "options": {
            "service": "postmark",
            "api_url": f"{sandbox_url}/postmark",
            "sender": "kakunin@asanagi.example",
            "sender_name": "あさなぎ銀行",
            "require_ready_domain": False,
        },
    }


def tell_mail_service(sandbox_url: str, url: str) -> None:
    """Where and with which password to report, as an administrator does in the service's console."""
    login = {"Username": "keizoku", "Password": "hook-password"}
    token = {"X-Postmark-Server-Token": "sandbox-postmark-asanagi"}
    asked = {"Url": url, "HttpAuth": login}
    httpx.post(f"{sandbox_url}/postmark/webhooks", headers=token, json=asked).raise_for_status()


@pytest.fixture
def attempt(port: Port, weather: Weather, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> Iterator[Try]:
    """Makes the port's adapter, with other settings if asked."""
    monkeypatch.setattr(settings, "SANDBOX_URL", weather.sandbox.url)
    accounts = channel_accounts(BANKS[0], sandbox_url=weather.sandbox.url, sandbox_smtp=weather.sandbox.smtp)
    accounts["GATEWAY"] = gateway_account(weather.sandbox.url)
    accounts["SERVICE"] = mail_service_account(weather.sandbox.url)
    tell_mail_service(weather.sandbox.url, f"{listener.url}/hook/")
    [account] = [one for one in accounts.values() if one["provider"] == port.provider]
    made: list[Any] = []

    def make(**changes: Any) -> Tried:
        options = {name: value for name, value in account["options"].items() if name not in OUR_OPTIONS}
        arguments = {**account["credentials"], **options, **port.options, **changes}
        if port.provider in CALLBACKS:
            arguments["callback_url"] = f"{listener.url}/hook/"
        if port.provider in GUARDED:
            arguments["http"] = guarded_client()
        made.append(import_string(PROVIDERS[port.provider])(**arguments))
        if port.name == "notification" and not changes:
            made[-1].set_webhook(f"{listener.url}/hook/")
        return Tried(made[-1])

    yield make
    for adapter in made:
        adapter.close()


def message_to(port: Port) -> Message:
    """One that nobody sent before."""
    attempt_id = uuid7()
    link = f"https://kakunin.asanagi.example/r/{attempt_id.hex.upper()}/"
    return Message(attempt_id, port.to, f"ご確認をお願いします {link}", "ご確認のお願い", f"<p>{link}</p>", link)


def received(weather: Weather, message: Message) -> int:
    """How often the customer got it."""
    return sum(message.link in (one["link"], *one["text"].split()) for one in weather.messages())


@each
def test_what_it_takes_arrives_once(port: Port, attempt: Try, weather: Weather) -> None:
    message = message_to(port)
    attempt().send(message)
    assert received(weather, message) == 1


@each
def test_it_says_honestly_whether_a_repeat_is_safe(port: Port, attempt: Try, weather: Weather) -> None:
    """Where it says no, a second message does arrive: the doubt is justified."""
    tried, message = attempt(), message_to(port)
    for _ in range(2):
        tried.send(message)
    assert tried.may_repeat(port.to) is port.repeats
    assert received(weather, message) == (1 if port.repeats or port.name == "gateway without keys" else 2)


@each
def test_a_failure_before_accepting_is_no_reason_to_give_up(port: Port, attempt: Try, weather: Weather) -> None:
    weather.rule(port.weather, port.before, first=1)
    message = message_to(port)
    with pytest.raises(Failure) as failed:
        attempt().send(message)
    assert failed.value.kind in (FailureKind.TRANSIENT, FailureKind.AMBIGUOUS)
    assert received(weather, message) == 0


@each
def test_a_failure_after_accepting_never_leads_to_a_second_message(port: Port, attempt: Try, weather: Weather) -> None:
    """It is called unclear, or a repeat is safe and the customer hears once."""
    weather.rule(port.weather, port.after, first=1)
    tried, message = attempt(), message_to(port)
    with pytest.raises(Failure) as failed:
        tried.send(message)
    if failed.value.kind != FailureKind.AMBIGUOUS:
        assert failed.value.kind == FailureKind.TRANSIENT
        assert tried.may_repeat(port.to)
    weather.set(rules=[])
    if tried.may_repeat(port.to):
        tried.send(message)
    assert received(weather, message) == 1


@each
def test_what_it_took_unnoticed_can_be_found(port: Port, attempt: Try, weather: Weather) -> None:
    weather.rule(port.weather, port.after, first=1)
    tried, message = attempt(), message_to(port)
    if not isinstance(tried.adapter, Reconciles):
        pytest.skip("it cannot be asked about single messages")
    with pytest.raises(Failure):
        tried.send(message)
    found = tried.adapter.look_up(message, since=BEGAN)
    assert found is not None
    assert (found.attempt_id, bool(found.reference)) == (message.attempt_id, True)
    assert found.outcome in (Outcome.ACCEPTED, Outcome.DELIVERED)
    assert tried.adapter.look_up(message_to(port), since=BEGAN) is None


@each
def test_being_too_busy_is_a_reason_to_wait(port: Port, attempt: Try, weather: Weather) -> None:
    weather.rule(port.weather, port.busy, first=1)
    message = message_to(port)
    with pytest.raises(TransientFailure):
        attempt().send(message)
    assert received(weather, message) == 0


@each
def test_a_machine_that_does_not_answer_took_nothing(port: Port, attempt: Try) -> None:
    with pytest.raises(TransientFailure):
        attempt(**port.away).send(message_to(port))


@each
def test_wrong_credentials_are_the_banks_matter_and_not_the_customers(port: Port, attempt: Try) -> None:
    if not port.wrong:
        pytest.skip("the sandbox's relay takes any password")
    with pytest.raises(ConfigurationFailure):
        attempt(**port.wrong).send(message_to(port))


@each
def test_an_address_that_is_none_is_refused_for_good(port: Port, attempt: Try, weather: Weather) -> None:
    if not port.refused:
        pytest.skip("post comes back days later")
    weather.rule(port.weather, port.refused)
    message = message_to(port)
    with pytest.raises(PermanentFailure) as refused:
        attempt().send(message)
    assert refused.value.is_dead_address is port.is_dead
    assert port.to not in str(refused.value)
    assert received(weather, message) == 0


def call_of(listener: Listener, call: tuple[str, dict[str, str], bytes], body: bytes | None = None) -> Call:
    """A call as the view makes it of what came."""
    path, headers, own = call
    last = path.rstrip("/").rpartition("/")[2]
    attempt_id = UUID(last) if len(last) == 36 else None
    lowered = {name.lower(): value for name, value in headers.items()}
    return Call(lowered, own if body is None else body, f"{listener.url}{path}", attempt_id)


@each
def test_its_reports_are_read_and_forged_ones_refused(
    port: Port, attempt: Try, weather: Weather, listener: Listener
) -> None:
    """S18: altered, unsigned, and signed by somebody else; repeats have the same name."""
    tried, message = attempt(), message_to(port)
    # Returned mail comes by SMTP: test_mail_intake.py.
    if not isinstance(tried.adapter, ReportsDelivery) or port.name in ("line", "mail"):
        pytest.skip("it does not report by calling")
    tried.send(message)
    call = listener.wait(1)[0]
    true = call_of(listener, call)
    events, again = tried.adapter.verify(true), tried.adapter.verify(true)
    assert [event.event_id for event in events] == [event.event_id for event in again]
    news = [item for event in events for item in tried.adapter.read(event.body)]
    assert [item.attempt_id for item in news if isinstance(item, Report)] == [message.attempt_id]
    secrets = {"channel_secret", "auth_token", "secret", "webhook_secret"}
    stranger = attempt(**dict.fromkeys(secrets & set(_names(tried.adapter)), "a:strangers"))
    altered = call_of(listener, call, body=call[2] + b" ")
    unsigned = Call({}, true.body, true.url, true.attempt_id)
    forgeries = [(tried.adapter, unsigned), (stranger.adapter, true)]
    for adapter, forged in [*forgeries, *([(tried.adapter, altered)] if port.signs_body else [])]:
        with pytest.raises(ForgedWebhook):
            adapter.verify(forged)


def _names(adapter: Any) -> list[str]:
    code = type(adapter).__init__.__code__
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


@each
def test_it_knows_its_channel(port: Port, attempt: Try) -> None:
    assert attempt().adapter.channel in set(Channel)
