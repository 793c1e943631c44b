"""Nothing that is sent to the sandbox makes it fall over: every answer is a provider's refusal, never a fault."""

import smtplib
from typing import Any

import httpx
import pytest

from .conftest import Sandbox

LINE = {"Authorization": "Bearer sandbox-line-asanagi", "Content-Type": "application/json"}
PRINT = {"Authorization": "Bearer sandbox-print-asanagi"}
EKYC = {"Authorization": "Bearer sandbox-ekyc-asanagi"}
ACCOUNT = "AC" + "a" * 32
PUSH = "/line/v2/bot/message/push"
TEMPLATED = "/line/v2/bot/message/pnp/templated/push"
SMS = f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
NOTICE = b'{"to":"' + b"a" * 64 + b'","templateKey":"a","body":'
USER = b'{"to":"U11111111111111111111111111111111","messages":'
ODD_CHARSET = (
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\r\n--x--"
)
REQUESTS: list[tuple[str, str, dict[str, str], bytes, int]] = [
    ("POST", PUSH, LINE, b"null", 400),
    ("POST", PUSH, LINE, b"\xff\xfe", 400),
    ("POST", PUSH, LINE, USER + b'[{"type":"text","text":"\\ud800"}]}', 200),
    (
        "POST",
        PUSH,
        LINE,
        USER + b'[{"type":"flex","altText":"a","contents":{"contents":[null,1,{"type":"box"}]}}]}',
        200,
    ),
    ("POST", PUSH, LINE, USER + b'[{"type":"template","altText":"a","template":{"actions":"x"}}]}', 200),
    ("POST", TEMPLATED, LINE, NOTICE + b'{"items":"x","buttons":3}}', 400),
    ("POST", TEMPLATED, LINE, NOTICE + b'{"items":["x"]}}', 400),
    ("POST", SMS, {"Authorization": "Basic !!!"}, b"", 401),
    ("POST", "/ekyc/v1/verifications", EKYC, b"\xff", 400),
    ("POST", "/print/jobs", PRINT, b"{}", 400),
    ("POST", "/print/jobs", {**PRINT, "Content-Type": "multipart/form-data"}, b"x", 400),
    ("POST", "/print/jobs", {**PRINT, "Content-Type": "multipart/form-data; boundary=b"}, b"x", 400),
    ("POST", "/control/answer", {}, b'{"limit":"many"}', 400),
    ("POST", "/control/line/event", {}, b"[]", 400),
    ("GET", "/open/99999999999999999999999999", {}, b"", 404),
    ("GET", "/?mail=99999999999999999999999999&person=nobody", {}, b"", 200),
    ("GET", "/ekyc/v/nothing", {}, b"", 404),
    ("GET", "/houjin/4/diff?id=sandbox-houjin&type=02", {}, b"", 400),
]


@pytest.mark.parametrize(("method", "path", "headers", "body", "status"), REQUESTS)
def test_a_strange_request_is_answered_as_the_provider_would(
    sandbox: Sandbox, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = httpx.request(method, sandbox.url + path, headers=headers, content=body)
    assert answer.status_code == status, answer.text
    assert httpx.get(sandbox.url).status_code == 200
    requests: dict[str, Any] = sandbox.control.get("/control/summary").json()["requests"]
    assert "sandbox.faults" not in requests


@pytest.mark.parametrize(
    "mail",
    [
        b"garbage",
        ODD_CHARSET,
        b"Subject: =?utf-8?b?gibber?=\r\nFrom: \xff\xff\r\nMessage-ID: <a\r\n b>\r\n\r\nx",
        b"",
    ],
)
def test_a_strange_mail_is_kept(sandbox: Sandbox, mail: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.sendmail("a@asanagi.example", ["setsuko@example.com"], mail)
    assert len(sandbox.messages(owner="asanagi:C001")) == 1
    assert httpx.get(sandbox.url, params={"person": "asanagi:C001"}).status_code == 200
