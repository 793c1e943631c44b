"""LINE's adapter against a server that answers by script: every request held against LINE's published OpenAPI files."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import jsonschema
import jwt
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.protocols import (
    AmbiguousFailure,
    ChecksSetup,
    ConfigurationFailure,
    Failure,
    Message,
    PermanentFailure,
    QuotaFailure,
    TransientFailure,
)
from channels.providers.line import LineProvider
from tests.channels.conftest import Weather
from tests.conftest import Sandbox
from tests.sandbox.conftest import SPECS

USER = "U" + "0a" * 16
PHONE = "+818000001234"
DIGEST = "d41e0ad70dddfeb68f149ad6fc61574b9c5780ab7bcb2fba5517771ffbb2409c"  # LINE's own example
TOKEN = {"token_type": "Bearer", "access_token": "stateless-1", "expires_in": 899}
TEMPLATE = {"templateKey": "notice_ja", "body": {"items": [{"itemKey": "date_002_ja", "content": "1月15日"}]}}
OPERATIONS = {
    "/v2/bot/message/push": ("messaging-api.yml", "/v2/bot/message/push"),
    "/bot/pnp/push": ("messaging-api.yml", "/bot/pnp/push"),
    "/v2/bot/message/pnp/templated/push": ("pnp-templated-addendum.yml", "/v2/bot/message/pnp/templated/push"),
    "/v2/bot/message/reply": ("messaging-api.yml", "/v2/bot/message/reply"),
    f"/v2/bot/user/{USER}/linkToken": ("messaging-api.yml", "/v2/bot/user/{userId}/linkToken"),
    "/v2/bot/channel/webhook/endpoint": ("messaging-api.yml", "/v2/bot/channel/webhook/endpoint"),
    "/v2/bot/channel/webhook/test": ("messaging-api.yml", "/v2/bot/channel/webhook/test"),
    "/v2/bot/info": ("messaging-api.yml", "/v2/bot/info"),
    "/v2/bot/message/quota": ("messaging-api.yml", "/v2/bot/message/quota"),
    "/v2/bot/message/quota/consumption": ("messaging-api.yml", "/v2/bot/message/quota/consumption"),
    "/oauth2/v3/token": ("channel-access-token.yml", "/oauth2/v3/token"),
}
type Answer = tuple[int, dict[str, str], object]
OK: Answer = (200, {"x-line-request-id": "r-1"}, {"sentMessages": [{"id": "461230966842064897"}]})


@dataclass
class Script:
    """Answers in order, the last one for ever, and what was asked."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)

    def bodies(self, path: str) -> list[bytes]:
        return [body for asked, _, body in self.asked if asked == path]

    def headers(self, name: str) -> list[str | None]:
        return [headers.get(name.lower()) for _, headers, _ in self.asked]


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script(answers=[OK])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            script.methods.append(self.command.lower())
            script.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, said = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            raw = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(raw)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_PUT = do_POST  # noqa: N815 - found by this name

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield script
    server.shutdown()
    thread.join()
    server.server_close()
    for method, (path, _, body) in zip(script.methods, script.asked, strict=True):
        check_request(path, body, method)


def check_request(path: str, body: bytes, method: str = "post") -> None:
    """Refuses what LINE's own specification would not take."""
    if not SPECS.is_dir():
        return
    name, template = OPERATIONS[path]
    document = yaml.safe_load((SPECS / "line" / name).read_text(encoding="utf-8"))
    operation = document["paths"][template][method]
    if not body and not operation.get("requestBody", {}).get("required"):
        return
    content = operation["requestBody"]["content"]
    ((kind, media),) = content.items()
    said = json.loads(body) if kind == "application/json" else {k: v[0] for k, v in parse_qs(body.decode()).items()}
    jsonschema.Draft7Validator({**document, **media["schema"]}).validate(said)


@pytest.fixture
def line(script: Script) -> Iterator[LineProvider]:
    provider = LineProvider(base_url=script.url, access_token="long-lived", channel_secret="s")
    yield provider
    provider.close()


def message(to: str = USER, **more: Any) -> Message:
    return Message(attempt_id=uuid4(), to=to, text="ご登録内容の確認のお願い", link="", **more)


def outcome(line: LineProvider, sent: Message) -> str | Failure:
    """The reference of what was taken, or why not."""
    try:
        return line.send(sent).reference
    except Failure as failure:
        return failure


ALREADY: Answer = (
    409,
    {"x-line-accepted-request-id": "r-0"},
    {"message": "The retry key is already accepted", "sentMessages": [{"id": "1"}]},
)
SERVER_ERROR: Answer = (500, {}, {"message": "Internal Server Error"})
BUSY: Answer = (429, {"Retry-After": "7"}, {"message": "The API rate limit has been exceeded. Try again later."})
SPENT: Answer = (429, {}, {"message": "You have reached your monthly limit."})


@pytest.mark.parametrize(
    ("answers", "kinds"),
    [
        ([OK], ["r-1"]),
        ([ALREADY], ["r-0"]),
        ([SERVER_ERROR, ALREADY], [TransientFailure, "r-0"]),
        ([BUSY, OK], [TransientFailure, "r-1"]),
        ([(400, {}, {"message": "The request body has 1 error(s)"})], [PermanentFailure]),
        ([(403, {}, {"message": "Access to this API is not available for your account"})], [ConfigurationFailure]),
        ([(401, {}, {"message": "Authentication failed"})], [ConfigurationFailure]),
        ([SPENT], [QuotaFailure]),
    ],
)
def test_a_push_means_what_line_answers_and_repeats_itself_exactly(
    script: Script, line: LineProvider, answers: list[Answer], kinds: list[object]
) -> None:
    """S4: accepted, accepted, accepted after a 500, failed, later; one key, and the same bytes each time."""
    script.answers = answers
    sent = message()
    results = [outcome(line, sent) for _ in kinds]
    assert [result if isinstance(result, str) else type(result) for result in results] == kinds
    assert set(script.headers("X-Line-Retry-Key")) == {str(sent.attempt_id)}
    assert len(set(script.bodies("/v2/bot/message/push"))) == 1
    assert len(script.asked) == len(kinds)


def test_a_busy_second_says_how_long_to_wait(script: Script, line: LineProvider) -> None:
    """S4: the rate is not the month."""
    script.answers = [BUSY]
    busy = outcome(line, message())
    assert isinstance(busy, TransientFailure)
    assert busy.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((422, {}, {"message": "Failed to send messages"}), PermanentFailure, "http_422"),
        (SERVER_ERROR, AmbiguousFailure, "http_500"),
        (BUSY, TransientFailure, "http_429"),
        (SPENT, QuotaFailure, "monthly_limit"),
        ((400, {}, {"message": "Invalid templateKey: notice_ja"}), PermanentFailure, "http_400"),
    ],
)
@pytest.mark.parametrize("template", ["", json.dumps(TEMPLATE)])
def test_a_notification_message_has_a_tag_and_no_retry_key(
    script: Script, line: LineProvider, answer: Answer, kind: type[Failure], code: str, template: str
) -> None:
    """S6: flexible and template; the number travels hashed; what may have arrived is never sent again."""
    script.answers = [answer]
    sent = message(PHONE, template=template)
    failure = outcome(line, sent)
    assert isinstance(failure, kind)
    assert failure.code == code
    assert script.headers("X-Line-Retry-Key") == [None]
    assert script.headers("X-Line-Delivery-Tag") == [f"attempt-{sent.attempt_id}"]
    ((path, _, body),) = script.asked
    assert path == ("/v2/bot/message/pnp/templated/push" if template else "/bot/pnp/push")
    said = json.loads(body)
    assert said["to"] == DIGEST == hashlib.sha256(PHONE.encode()).hexdigest()
    assert PHONE[1:] not in body.decode()
    assert not template or said == {**TEMPLATE, "to": DIGEST}
    assert line.may_repeat(PHONE) is False


@pytest.mark.parametrize(("template", "status"), [("", 200), (json.dumps(TEMPLATE), 202)])
def test_a_notification_message_is_taken_with_an_empty_answer(
    script: Script, line: LineProvider, template: str, status: int
) -> None:
    script.answers = [(status, {"x-line-request-id": "r-2"}, {})]
    assert outcome(line, message(PHONE, template=template)) == "r-2"


def test_a_stateless_token_is_issued_once_kept_and_renewed_when_refused(script: Script) -> None:
    """One token for many messages; a 401 fetches another once, and a second 401 is the account's fault."""
    line = LineProvider(base_url=script.url, channel_id="2000000001", channel_secret="the-secret")
    script.answers = [(200, {}, TOKEN), OK, OK]
    assert [outcome(line, message()) for _ in range(2)] == ["r-1", "r-1"]
    assert len(script.bodies("/oauth2/v3/token")) == 1
    assert b"client_secret=the-secret" in script.bodies("/oauth2/v3/token")[0]
    refused: Answer = (401, {}, {"message": "Authentication failed due to the following reason: invalid token."})
    script.answers = [refused, (200, {}, {**TOKEN, "access_token": "stateless-2"}), OK]
    assert outcome(line, message()) == "r-1"
    assert script.headers("Authorization")[-1] == "Bearer stateless-2"
    script.answers = [refused, (200, {}, TOKEN), refused]
    before = len(script.asked)
    assert isinstance(outcome(line, message()), ConfigurationFailure)
    assert len(script.asked) - before == 3
    line.close()


def test_a_token_that_is_about_to_end_is_not_used_again(script: Script) -> None:
    line = LineProvider(base_url=script.url, channel_id="2000000001", channel_secret="the-secret")
    short: Answer = (200, {}, {**TOKEN, "expires_in": 30})
    script.answers = [short, OK, short, OK]
    assert [outcome(line, message()) for _ in range(2)] == ["r-1", "r-1"]
    assert len(script.bodies("/oauth2/v3/token")) == 2
    line.close()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((400, {}, {"error": "invalid_client"}), ConfigurationFailure, "token_refused"),
        ((503, {}, {}), TransientFailure, "token_503"),
        ((429, {}, {}), TransientFailure, "token_429"),
    ],
)
def test_without_a_token_nothing_is_sent(script: Script, answer: Answer, kind: type[Failure], code: str) -> None:
    """Also to a number: what was not sent cannot be ambiguous."""
    line = LineProvider(base_url=script.url, channel_id="2000000001", channel_secret="the-secret")
    script.answers = [answer]
    for to in (USER, PHONE):
        failure = outcome(line, message(to))
        assert isinstance(failure, kind)
        assert failure.code == code
    assert {path for path, _, _ in script.asked} == {"/oauth2/v3/token"}
    line.close()


def test_an_assertion_signed_with_the_channels_key_gets_a_token_and_anothers_does_not(
    sandbox: Sandbox, weather: Weather
) -> None:
    """The sandbox checks the signature against the public key it was given."""
    key, stranger = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())
    weather.set(banks={"asanagi": {"line_channel_id": "2000000001", "line_assertion_jwk": jwk}})
    results = []
    for private in (key, stranger):
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        line = LineProvider(
            base_url=f"{sandbox.url}/line",
            channel_id="2000000001",
            channel_secret="sandbox-line-secret-asanagi",
            assertion_key=pem,
            assertion_key_id="k1",
        )
        results.append(outcome(line, message()))
        line.close()
    weather.set(banks={"asanagi": {"line_channel_id": None, "line_assertion_jwk": None}})
    assert isinstance(results[0], str)
    assert isinstance(results[1], ConfigurationFailure)
    assert results[1].code == "token_refused"


def test_a_key_that_is_no_key_is_the_accounts_fault(script: Script) -> None:
    line = LineProvider(base_url=script.url, channel_id="1", channel_secret="s", assertion_key="no key")
    failure = outcome(line, message())
    assert isinstance(failure, ConfigurationFailure)
    assert (failure.code, script.asked) == ("assertion_key_unreadable", [])
    line.close()


def findings_of(sandbox: Sandbox, callback_url: str, **more: Any) -> dict[str, tuple[bool, str]]:
    terms: dict[str, Any] = {"access_token": "sandbox-line-asanagi", "channel_secret": "s", **more}
    line = LineProvider(base_url=f"{sandbox.url}/line", callback_url=callback_url, **terms)
    assert isinstance(line, ChecksSetup)
    found = {finding.code: (finding.is_ok, finding.detail) for finding in line.check_setup()}
    line.close()
    return found


def test_the_connection_test_says_who_we_are_where_events_go_and_what_is_left(
    sandbox: Sandbox, weather: Weather, script: Script
) -> None:
    hook = f"{sandbox.control}/summary"  # answers a POST, though not with 200
    address = f"{sandbox.url}/line/v2/bot/channel/webhook/endpoint"
    auth = {"Authorization": "Bearer sandbox-line-asanagi"}
    httpx.put(address, json={"endpoint": hook}, headers=auth).raise_for_status()
    found = findings_of(sandbox, callback_url=hook)
    assert found["line_access"] == (True, "@asanagi")
    assert found["line_webhook_address"] == (True, "")
    assert found["line_webhook_answers"] == (False, "ERROR_STATUS_CODE")
    assert found["line_quota"][0]
    assert found["line_quota"][1].endswith("/200000")
    weather.set(line={"monthly_quota": 0})
    elsewhere = findings_of(sandbox, callback_url="https://ours.example/webhooks/line/1/")
    weather.set(line={"monthly_quota": 200_000})
    assert elsewhere["line_webhook_address"] == (False, "")
    assert elsewhere["line_quota"][0] is False
    assert findings_of(sandbox, callback_url=hook, access_token="nonsense") == {"line_access": (False, "http_401")}


def test_answers_ties_and_the_test_of_the_connection_are_asked_as_published(script: Script, line: LineProvider) -> None:
    """Each request is held against LINE's files when the script ends; a path or a method they lack is an error."""
    bot = {"userId": USER, "basicId": "@bank", "displayName": "bank", "chatMode": "bot", "markAsReadMode": "auto"}
    script.answers = [
        (200, {}, {"sentMessages": [{"id": "1"}]}),
        (200, {}, {"linkToken": "l-1"}),
        (200, {}, {}),
        (200, {}, bot),
        (200, {}, {"endpoint": "https://bank.example/", "active": True}),
        (
            200,
            {},
            {"success": True, "timestamp": "2026-11-22T00:00:00Z", "statusCode": 200, "reason": "OK", "detail": ""},
        ),
        (200, {}, {"type": "limited", "value": 1000}),
        (200, {}, {"totalUsage": 1}),
    ]
    line.answer("r-token", "担当者は読んでおりません。")
    assert "linkToken=l-1" in line.linking_address(USER, "nonce")
    line.set_webhook("https://bank.example/webhooks/line/1/")
    assert [finding.code for finding in line.check_setup() if finding.is_ok][:1] == ["line_access"]
    assert script.methods == ["post", "post", "put", "get", "get", "post", "get", "get"]


@pytest.mark.skipif(not SPECS.is_dir(), reason="the published specifications are not beside the repository")
def test_the_check_of_requests_refuses_what_line_would_not_take() -> None:
    """Positive control."""
    for path, body in (("/v2/bot/message/push", b'{"to": 1, "messages": []}'), ("/oauth2/v3/token", b"grant_type=x")):
        with pytest.raises(jsonschema.ValidationError):
            check_request(path, body)
    with pytest.raises(jsonschema.ValidationError):
        check_request("/v2/bot/channel/webhook/endpoint", b"{}", "put")
    with pytest.raises(KeyError):
        check_request("/v2/bot/info", b"", "post")
