"""What the sandbox says and accepts, held against the providers' published OpenAPI files."""

import hashlib
import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from .conftest import SPECS, Bank, Sandbox

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the published specifications are not beside the repository (../shared/specs)"
)
LINE_AUTH = {"Authorization": "Bearer sandbox-line-asanagi"}
USER = "U00000000000000000000000000000001"
SID = "AC" + "a" * 32
TWILIO_AUTH = (SID, "sandbox-twilio-asanagi")
TO = "+819000005678"


@cache
def read(name: str) -> dict[str, Any]:
    text = (SPECS / name).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text) if name.endswith(".json") else yaml.safe_load(text)
    return document


def plain(document: Mapping[str, Any], schema: Any) -> Any:
    """An OpenAPI 3.0 schema as JSON Schema: references followed, nullable made a type."""
    if isinstance(schema, list):
        return [plain(document, part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return plain(document, found)
    result = {key: plain(document, value) for key, value in schema.items() if key not in {"discriminator", "example"}}
    if result.pop("nullable", False):
        return {"anyOf": [result, {"type": "null"}]}
    return result


def check(document: Mapping[str, Any], schema: Any, value: object) -> None:
    jsonschema.Draft202012Validator(plain(document, schema)).validate(value)


def line_schema(path: str, method: str, status: int | None) -> Any:
    """The schema of an answer, or of the request when no status is given."""
    operation = read("line/messaging-api.yml")["paths"][path][method]
    place = operation["requestBody"] if status is None else operation["responses"][str(status)]
    return place["content"]["application/json"]["schema"]


PUSH = {"to": USER, "messages": [{"type": "text", "text": "こんにちは"}]}


@pytest.mark.parametrize(
    ("path", "body", "outcome", "status"),
    [
        ("/v2/bot/message/push", PUSH, "ok", 200),
        ("/v2/bot/message/push", {**PUSH, "messages": []}, "ok", 400),
        ("/v2/bot/message/push", PUSH, "rate_limited", 429),
        ("/v2/bot/message/push", PUSH, "quota", 429),
    ],
)
def test_answers_to_a_push_are_lines(
    sandbox: Sandbox, path: str, body: dict[str, Any], outcome: str, status: int
) -> None:
    sandbox.rule({"provider": "line", "match": {"equals": USER}, "outcome": outcome})
    answer = httpx.post(f"{sandbox.url}/line{path}", json=body, headers=LINE_AUTH)
    assert answer.status_code == status
    check(read("line/messaging-api.yml"), line_schema(path, "post", status), answer.json())


def test_a_repeated_push_is_answered_with_lines_conflict(sandbox: Sandbox) -> None:
    headers = {**LINE_AUTH, "X-Line-Retry-Key": "123e4567-e89b-12d3-a456-426614174000"}
    path = "/v2/bot/message/push"
    answers = [httpx.post(f"{sandbox.url}/line{path}", json=PUSH, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    check(read("line/messaging-api.yml"), line_schema(path, "post", 409), answers[1].json())


def test_a_notification_to_a_number_without_line_is_lines_422(sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "pnp", "match": {"suffix": "5678"}, "outcome": "unknown"})
    body = {**PUSH, "to": hashlib.sha256(TO.encode()).hexdigest()}
    answer = httpx.post(f"{sandbox.url}/line/bot/pnp/push", json=body, headers=LINE_AUTH)
    assert answer.status_code == 422
    check(read("line/messaging-api.yml"), line_schema("/bot/pnp/push", "post", 422), answer.json())


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v2/bot/message/quota", "get"),
        ("/v2/bot/message/quota/consumption", "get"),
        ("/v2/bot/message/delivery/push", "get"),
        ("/v2/bot/message/delivery/pnp", "get"),
        ("/v2/bot/user/{userId}/linkToken", "post"),
        ("/v2/bot/profile/{userId}", "get"),
        ("/v2/bot/info", "get"),
    ],
)
def test_small_answers_are_lines(sandbox: Sandbox, path: str, method: str) -> None:
    url = f"{sandbox.url}/line{path}".replace("{userId}", USER)
    answer = httpx.request(method, url, headers=LINE_AUTH, params={"date": "20261121"})
    assert answer.status_code == 200
    check(read("line/messaging-api.yml"), line_schema(path, method, 200), answer.json())


def test_a_stateless_token_is_answered_as_published(sandbox: Sandbox) -> None:
    document = read("line/channel-access-token.yml")
    form = {"grant_type": "client_credentials", "client_id": "1", "client_secret": "sandbox-line-secret-asanagi"}
    answer = httpx.post(f"{sandbox.url}/line/oauth2/v3/token", data=form)
    operation = document["paths"]["/oauth2/v3/token"]["post"]
    check(document, operation["responses"]["200"]["content"]["application/json"]["schema"], answer.json())


@pytest.mark.parametrize(
    ("event", "schema"),
    [
        ({"type": "delivery", "delivery": {"data": "t_0123456789abcdef"}}, "PnpDeliveryCompletionEvent"),
        (
            {
                "type": "follow",
                "source": {"type": "user", "userId": USER},
                "replyToken": "r",
                "follow": {"isUnblocked": False},
            },
            "FollowEvent",
        ),
        ({"type": "unfollow", "source": {"type": "user", "userId": USER}}, "UnfollowEvent"),
    ],
)
def test_events_are_lines(sandbox: Sandbox, bank: Bank, event: dict[str, Any], schema: str) -> None:
    document = read("line/webhook.yml")
    path = f"/{schema}"
    httpx.put(
        f"{sandbox.url}/line/v2/bot/channel/webhook/endpoint", json={"endpoint": f"{bank.url}{path}"}, headers=LINE_AUTH
    )
    sandbox.control.post("/control/line/event", json={"bank": "asanagi", **event})
    body = bank.wait(path)[0].json
    check(document, document["components"]["schemas"]["CallbackRequest"], body)
    check(document, document["components"]["schemas"][schema], body["events"][0])


def twilio_schema(status: str, method: str) -> Any:
    document = read("twilio/twilio_api_v2010.json")
    operation = document["paths"]["/2010-04-01/Accounts/{AccountSid}/Messages.json"][method]
    return operation["responses"][status]["content"]["application/json"]["schema"]


def create(sandbox: Sandbox, **form: str) -> httpx.Response:
    url = f"{sandbox.url}/twilio/2010-04-01/Accounts/{SID}/Messages.json"
    return httpx.post(url, data={"To": TO, "From": "MYBANK", "Body": "a"} | form, auth=TWILIO_AUTH)


@pytest.mark.parametrize("form", [{}, {"MessagingServiceSid": "MG" + "b" * 32}, {"Body": "あ" * 300}])
def test_a_created_message_is_twilios_with_every_field(sandbox: Sandbox, form: dict[str, str]) -> None:
    document = read("twilio/twilio_api_v2010.json")
    answer = create(sandbox, **form)
    assert answer.status_code == 201
    check(document, twilio_schema("201", "post"), answer.json())
    assert set(answer.json()) == set(document["components"]["schemas"]["api.v2010.account.message"]["properties"])
    parsedate_to_datetime(answer.json()["date_created"])


def test_a_list_of_messages_is_twilios(sandbox: Sandbox) -> None:
    create(sandbox)
    create(sandbox)
    url = f"{sandbox.url}/twilio/2010-04-01/Accounts/{SID}/Messages.json"
    answer = httpx.get(url, params={"To": TO, "DateSent>": "2026-01-01", "PageSize": "1"}, auth=TWILIO_AUTH)
    check(read("twilio/twilio_api_v2010.json"), twilio_schema("200", "get"), answer.json())
    assert answer.json()["next_page_uri"].startswith("/2010-04-01/Accounts/")


def test_the_account_its_numbers_and_its_services_are_twilios(sandbox: Sandbox) -> None:
    document, base = read("twilio/twilio_api_v2010.json"), f"{sandbox.url}/twilio/2010-04-01/Accounts/{SID}"

    def schema(path: str) -> Any:
        found = document["paths"][f"/2010-04-01/Accounts/{path}"]["get"]["responses"]["200"]
        return found["content"]["application/json"]["schema"]

    check(document, schema("{Sid}.json"), httpx.get(f"{base}.json", auth=TWILIO_AUTH).json())
    listed = httpx.get(f"{base}/IncomingPhoneNumbers.json?PhoneNumber=%2B815050000000", auth=TWILIO_AUTH).json()
    assert len(listed["incoming_phone_numbers"]) == 1
    check(document, schema("{AccountSid}/IncomingPhoneNumbers.json"), listed)
    services = read("twilio/twilio_messaging_v1.yaml")
    service = httpx.get(f"{sandbox.url}/twilio/messaging/v1/Services/MG{'b' * 32}", auth=TWILIO_AUTH).json()
    check(services, services["components"]["schemas"]["messaging.v1.service"], service)
    assert httpx.get(f"{base}.json", auth=(SID, "wrong")).json()["code"] == 20003


def test_the_checker_itself_refuses_what_is_wrong() -> None:
    document = read("twilio/twilio_api_v2010.json")
    with pytest.raises(jsonschema.ValidationError):
        check(document, twilio_schema("201", "post"), {"status": "teleported"})
    with pytest.raises(jsonschema.ValidationError):
        check(read("line/messaging-api.yml"), line_schema("/v2/bot/message/push", "post", 200), {"sentMessages": [{}]})


def test_the_requests_of_these_tests_are_what_line_publishes() -> None:
    check(read("line/messaging-api.yml"), line_schema("/v2/bot/message/push", "post", None), PUSH)
