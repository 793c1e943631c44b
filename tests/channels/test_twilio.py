"""Twilio's adapter alone: signatures by published vectors, what each code means, what it asks of the API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import jsonschema
import pytest
from twilio.request_validator import RequestValidator

from channels.protocols import (
    Call,
    Failure,
    FailureKind,
    ForgedWebhook,
    MalformedWebhook,
    Message,
    Outcome,
    Report,
    TransientFailure,
)
from channels.providers.twilio import TwilioProvider
from tests.conftest import ROOT, Sandbox

SPECS = Path(ROOT).parent / "shared" / "specs" / "twilio" / "twilio_api_v2010.json"
ACCOUNT = "AC" + "a" * 32
ATTEMPT = UUID("0190aaaa-0000-7000-8000-000000000001")
MESSAGE = Message(attempt_id=ATTEMPT, to="+819012345678", text="ご確認ください", link="https://x.example/r/1/")
CONFIGURATION, PERMANENT, TRANSIENT = FailureKind.CONFIGURATION, FailureKind.PERMANENT, FailureKind.TRANSIENT
OK, DEAD, STOPPED = "", "dead", "stopped"
REFUSALS = [
    (20003, 401, CONFIGURATION, OK),
    (20429, 429, TRANSIENT, OK),
    (21211, 400, PERMANENT, DEAD),
    (21214, 400, PERMANENT, DEAD),
    (21217, 400, PERMANENT, DEAD),
    (21408, 400, CONFIGURATION, OK),
    (21606, 400, CONFIGURATION, OK),
    (21607, 400, CONFIGURATION, OK),
    (21610, 400, PERMANENT, STOPPED),
    (21611, 400, TRANSIENT, OK),
    (21612, 400, CONFIGURATION, OK),
    (21614, 400, PERMANENT, DEAD),
    (21617, 400, PERMANENT, OK),
    (21657, 400, CONFIGURATION, OK),
    (99999, 400, PERMANENT, OK),
    (99999, 403, CONFIGURATION, OK),
    (99999, 429, TRANSIENT, OK),
    (20500, 500, FailureKind.AMBIGUOUS, OK),
]
REPORTS = [
    ("30001", TRANSIENT, OK),
    ("30002", CONFIGURATION, OK),
    ("30003", TRANSIENT, OK),
    ("30004", PERMANENT, OK),
    ("30005", PERMANENT, DEAD),
    ("30006", PERMANENT, DEAD),
    ("30007", PERMANENT, OK),
    ("30008", TRANSIENT, OK),
    ("30036", TRANSIENT, OK),
    ("21610", PERMANENT, STOPPED),
    ("39999", TRANSIENT, OK),
    ("", TRANSIENT, OK),
]


class Api:
    """A server that keeps what it is asked and answers as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.answer: tuple[int, dict[str, Any]] = (201, {"sid": "SM" + "0" * 32, "status": "queued"})
        self.url = ""

    def provider(self, **more: str) -> TwilioProvider:
        """The adapter that speaks to it."""
        terms = {"sender": "MYBANK", "callback_url": "https://notice.example.jp/webhooks/twilio/abc/", **more}
        return TwilioProvider(account_sid=ACCOUNT, auth_token="token", base_url=self.url, **terms)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            api.asked.append((self.path, dict(parse_qsl(body))))
            status, document = api.answer
            said = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield api
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not SPECS.is_file(), reason="Twilio's published file is not beside the repository")
@pytest.mark.parametrize(
    ("sender", "field"), [("MYBANK", "From"), ("+815050000000", "From"), ("MG" + "b" * 32, "MessagingServiceSid")]
)
def test_a_message_is_asked_for_as_twilio_publishes_it(api: Api, sender: str, field: str) -> None:
    """One sender or one messaging service, never both; ten minutes in Twilio's queue and no longer."""
    provider = api.provider(sender=sender)
    assert provider.send(MESSAGE).reference == "SM" + "0" * 32
    provider.close()
    path, form = api.asked[0]
    operation = json.loads(SPECS.read_text())["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"]["post"]
    schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    typed = {**form, "ValidityPeriod": int(form["ValidityPeriod"])}
    assert path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert set(typed) <= set(schema["properties"])
    plain = {name: {key: part[key] for key in ("type",) if key in part} for name, part in schema["properties"].items()}
    jsonschema.validate(typed, {"type": "object", "properties": plain, "required": schema["required"]})
    assert form == {
        "To": MESSAGE.to,
        "Body": MESSAGE.text,
        "StatusCallback": f"https://notice.example.jp/webhooks/twilio/abc/{ATTEMPT}/",
        "ValidityPeriod": "600",
        field: sender,
    }


@pytest.mark.parametrize(("code", "status", "kind", "address"), REFUSALS)
def test_every_published_refusal_means_what_it_says(
    api: Api, code: int, status: int, kind: FailureKind, address: str
) -> None:
    api.answer = (status, {"code": code, "message": "no", "more_info": "", "status": status})
    provider = api.provider()
    with pytest.raises(Failure) as refused:
        provider.send(MESSAGE)
    provider.close()
    failure = refused.value
    assert failure.kind == kind
    assert (failure.is_dead_address, failure.is_opt_out) == (address == DEAD, address == STOPPED)


def provider_with(token: str = "token", shared_key: str = "") -> TwilioProvider:
    return TwilioProvider(
        account_sid=ACCOUNT, auth_token=token, sender="MYBANK", callback_url="https://x.example/", shared_key=shared_key
    )


@pytest.mark.parametrize(("code", "kind", "address"), REPORTS)
def test_every_published_reason_of_a_report_means_what_it_says(code: str, kind: FailureKind, address: str) -> None:
    body = urlencode({"attempt": str(ATTEMPT), "MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code})
    [report] = provider_with().read(body.encode())
    assert isinstance(report, Report)
    assert (report.outcome, report.failure_kind) == (Outcome.FAILED, kind)
    assert (report.is_dead_address, report.is_opt_out) == (address == DEAD, address == STOPPED)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("accepted", Outcome.ACCEPTED), ("scheduled", Outcome.ACCEPTED), ("queued", Outcome.ACCEPTED),
        ("sending", Outcome.ACCEPTED), ("sent", Outcome.ACCEPTED), ("delivered", Outcome.DELIVERED),
        ("read", Outcome.DELIVERED), ("undelivered", Outcome.FAILED), ("failed", Outcome.FAILED),
        ("canceled", Outcome.FAILED), ("receiving", None), ("received", None), ("partially_delivered", None),
        ("teleported", None),
    ],
)  # fmt: skip
def test_every_published_status_is_known_and_a_new_one_changes_nothing(status: str, outcome: Outcome | None) -> None:
    body = urlencode({"attempt": str(ATTEMPT), "MessageSid": "SM1", "MessageStatus": status})
    news = provider_with().read(body.encode())
    assert [item.outcome for item in news if isinstance(item, Report)] == ([outcome] if outcome else [])


ADDRESS = "https://notice.example.jp/hooks/twilio/status?t=acme"
PARAMS = {
    "AccountSid": "AC" + "a" * 32,
    "ApiVersion": "2010-04-01",
    "From": "MYBANK",
    "MessageSid": "SM" + "a" * 32,
    "MessageStatus": "delivered",
    "SmsSid": "SM" + "a" * 32,
    "SmsStatus": "delivered",
    "To": "+819012345678",
}
DOCUMENTED_ADDRESS = "https://mycompany.com/myapp.php?foo=1&bar=2"
DOCUMENTED = {
    "CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309",
    "To": "+18005551212",
}  # fmt: skip
SETTINGS = "X-Twilio-Webhooks-Signature-Settings"


def call(url: str, params: dict[str, str], signature: str, settings: str = "", attempt: UUID | None = ATTEMPT) -> Call:
    headers = {"x-twilio-signature": signature} | ({SETTINGS.lower(): settings} if settings else {})
    return Call(headers=headers, body=urlencode(params).encode(), url=url, attempt_id=attempt)


def test_the_published_signatures_are_true() -> None:
    """The account's token, and a shared key by its own header."""
    [event] = provider_with("test-auth-token").verify(call(ADDRESS, PARAMS, "ERhsj/ZTBCK5ey4rRbPCuCjpfd0="))
    assert b"delivered" in event.body
    documented = provider_with("12345", shared_key="shared")
    settings = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    signed = [
        call(DOCUMENTED_ADDRESS, DOCUMENTED, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        call(DOCUMENTED_ADDRESS, DOCUMENTED, "KsDM1TaUaD3zgC1znRg16Ev1YKZza+BBNZfOn7e5P/E=", settings),
    ]
    for one in signed:  # signed well, and about a telephone call rather than a message
        with pytest.raises(MalformedWebhook):
            documented.verify(one)


@pytest.mark.parametrize(
    ("settings", "shared_key"),
    [
        ("key=1,algorithm=HMAC_SHA256", ""),  # no shared key agreed
        ("key=1,algorithm=HMAC_SHA256", "another"),
        ("key=1,algorithm=NONE", "shared"),
        ("key=1", "shared"),  # the old way with the new key
        ("", "shared"),  # the new way without saying so
    ],
)
def test_a_shared_key_signature_opens_nothing_but_its_own_lock(settings: str, shared_key: str) -> None:
    signature = "KsDM1TaUaD3zgC1znRg16Ev1YKZza+BBNZfOn7e5P/E="
    with pytest.raises(ForgedWebhook):
        provider_with("12345", shared_key).verify(call(DOCUMENTED_ADDRESS, DOCUMENTED, signature, settings))


def test_repeats_of_a_callback_have_one_name_and_other_states_another() -> None:
    """Repeats are known by message, state and reason, whatever else a new field may say."""

    def name(**more: str) -> str:
        params = PARAMS | more
        signature = RequestValidator("token").compute_signature(ADDRESS, params)
        return provider_with().verify(call(ADDRESS, params, signature))[0].event_id

    assert name() == name(RawDlrDoneDate="2611220512", SomethingNew="1")
    assert len({name(), name(MessageStatus="sent"), name(ErrorCode="30003"), name(MessageSid="SM2")}) == 4


SANDBOX_TOKEN = "sandbox-twilio-asanagi"


@pytest.mark.parametrize(
    ("sender", "exists"),
    [
        ("+815050000000", True), ("+819012345678", False), ("MG" + "b" * 32, True), ("MG" + "0" * 32, False),
        ("MYBANK", True), ("MGBANK 1", True), ("12345", False), ("A NAME TOO LONG", False),
    ],
)  # fmt: skip
def test_the_connection_test_looks_for_the_sender(sandbox: Sandbox, sender: str, exists: bool) -> None:
    """A number, a messaging service, or a name that a carrier would take."""
    provider = sandbox_provider(sandbox, sender=sender)
    assert [(finding.code, finding.is_ok) for finding in provider.check_setup()] == [
        ("account_reachable", True),
        ("sender_exists", exists),
        ("callback_address", True),
    ]
    provider.close()


@pytest.mark.parametrize(
    ("changes", "wrong", "detail"),
    [
        ({"auth_token": "wrong"}, "account_reachable", "20003"),
        ({"base_url": "http://127.0.0.1:9"}, "account_reachable", "no_answer"),
        ({"callback_url": "http://notice.example.jp/x/"}, "callback_address", ""),
        ({"callback_url": "https://my_bank.example.jp/x/"}, "callback_address", ""),
    ],
)
def test_the_connection_test_says_what_is_wrong(
    sandbox: Sandbox, changes: dict[str, str], wrong: str, detail: str
) -> None:
    provider = sandbox_provider(sandbox, **changes)
    found = {finding.code: finding for finding in provider.check_setup()}
    assert (found[wrong].is_ok, found[wrong].detail) == (False, detail)
    provider.close()


def sandbox_provider(sandbox: Sandbox, **changes: str) -> TwilioProvider:
    """The bank's account at the sandbox."""
    terms = {
        "account_sid": ACCOUNT,
        "auth_token": SANDBOX_TOKEN,
        "sender": "+815050000000",
        "callback_url": "https://notice.example.jp/webhooks/twilio/abc/",
        "base_url": f"{sandbox.url}/twilio",
        "messaging_url": f"{sandbox.url}/twilio/messaging",
    }
    return TwilioProvider(**{**terms, **changes})


def test_a_text_like_any_other_is_never_looked_up_by_guessing() -> None:
    """Without something unique in the text, another customer's message might be taken for this one."""
    alike = Message(attempt_id=ATTEMPT, to="+819012345678", text="ご確認ください")
    with pytest.raises(TransientFailure, match="no_mark"):
        provider_with().look_up(alike, since=datetime.now(UTC))
