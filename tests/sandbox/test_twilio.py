"""Twilio's official library, unchanged, against the sandbox."""

import threading
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client

from sandbox.segments import count_segments

from .conftest import Bank, Sandbox, wait_until

SID = "AC" + "a" * 32
TOKEN = "sandbox-twilio-asanagi"
TO = "+819000005678"
LINK = "https://notice.asanagi.example/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/"


def client_of(sandbox: Sandbox, token: str = TOKEN, timeout: float = 10) -> Client:
    client = Client(SID, token, http_client=TwilioHttpClient(timeout=timeout))
    client.api.base_url = f"{sandbox.url}/twilio"
    return client


@pytest.fixture
def twilio(sandbox: Sandbox) -> Client:
    return client_of(sandbox)


def test_a_message_is_queued_then_sent_then_delivered_with_signed_callbacks(
    twilio: Client, sandbox: Sandbox, bank: Bank
) -> None:
    url = f"{bank.url}/status?t=asanagi"
    created = twilio.messages.create(to=TO, from_="MYBANK", body=f"ご確認ください {LINK}", status_callback=url)
    assert (created.status, created.num_segments, created.error_code) == ("queued", "2", None)
    calls = bank.wait("/status?t=asanagi", 2)
    said = [dict(parse_qsl(call.body.decode(), keep_blank_values=True)) for call in calls]
    assert {params["MessageStatus"] for params in said} == {"sent", "delivered"}, "nobody promises an order"
    validator = RequestValidator(TOKEN)
    for call, params in zip(calls, said, strict=True):
        assert validator.validate(url, params, call.headers["x-twilio-signature"])
        assert not RequestValidator("wrong").validate(url, params, call.headers["x-twilio-signature"])
    assert said[0]["MessageSid"] == created.sid
    assert twilio.messages(created.sid).fetch().status == "delivered"
    assert sandbox.messages(owner="asanagi:C001")[0]["link"] == LINK


def test_the_shared_key_signature_is_understood_by_the_library(twilio: Client, sandbox: Sandbox, bank: Bank) -> None:
    sandbox.scenario({"twilio": {"signature": "sha256"}})
    url = f"{bank.url}/shared"
    twilio.messages.create(to=TO, from_="MYBANK", body="a", status_callback=url)
    call = bank.wait("/shared")[0]
    sandbox.scenario({"twilio": {"signature": "sha1"}})
    algorithm = get_signature_algorithm(call.headers["x-twilio-webhooks-signature-settings"])
    params = dict(parse_qsl(call.body.decode()))
    key = RequestValidator("sandbox-twilio-key-asanagi")
    assert key.validate(url, params, call.headers["x-twilio-signature"], algorithm=algorithm)


def test_a_message_through_a_service_starts_as_accepted(twilio: Client, bank: Bank) -> None:
    service = "MG" + "b" * 32
    created = twilio.messages.create(
        to=TO, messaging_service_sid=service, body="a", status_callback=f"{bank.url}/service"
    )
    assert (created.status, created.num_segments) == ("accepted", "0")
    said = [dict(parse_qsl(call.body.decode())) for call in bank.wait("/service", 3)]
    assert {params["MessageStatus"] for params in said} == {"queued", "sent", "delivered"}
    assert said[0]["MessagingServiceSid"] == service
    assert twilio.messages(created.sid).fetch().num_segments == "1"


def test_shuffled_callbacks_arrive_out_of_order(twilio: Client, sandbox: Sandbox, bank: Bank) -> None:
    sandbox.scenario({"callbacks": {"shuffle": 1}, "delay_ms": {"sms": [400, 400]}})
    twilio.messages.create(to=TO, from_="MYBANK", body="a", status_callback=f"{bank.url}/shuffled")
    said = [dict(parse_qsl(call.body.decode())) for call in bank.wait("/shuffled", 2)]
    assert {params["MessageStatus"] for params in said} == {"sent", "delivered"}


@pytest.mark.parametrize("code", ["30003", "30005", "30006", "30007"])
def test_an_undelivered_message_says_why(twilio: Client, sandbox: Sandbox, bank: Bank, code: str) -> None:
    sandbox.rule({"provider": "sms", "match": {"suffix": "5678"}, "outcome": f"undelivered:{code}"})
    created = twilio.messages.create(to=TO, from_="MYBANK", body="a", status_callback=f"{bank.url}/{code}")
    said = [dict(parse_qsl(call.body.decode())) for call in bank.wait(f"/{code}", 2)]  # in any order
    assert {params["MessageStatus"]: params.get("ErrorCode") for params in said} == {"sent": None, "undelivered": code}
    assert twilio.messages(created.sid).fetch().error_code == int(code)


@pytest.mark.parametrize("code", [21211, 21610, 21614])
def test_a_number_that_cannot_get_sms_is_refused_at_once(twilio: Client, sandbox: Sandbox, code: int) -> None:
    sandbox.rule({"provider": "sms", "match": {"equals": TO}, "outcome": str(code)})
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=TO, from_="MYBANK", body="a")
    assert (refused.value.code, refused.value.status) == (code, 400)
    assert sandbox.messages() == []


@pytest.mark.parametrize(("to", "body", "code"), [("0900000", "a", 21211), (TO, "あ" * 1601, 21617), (TO, "", 21602)])
def test_a_bad_request_is_refused_before_anyone_looks_at_the_recipient(
    twilio: Client, to: str, body: str, code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=to, from_="MYBANK", body=body)
    assert refused.value.code == code


def test_the_wrong_token_is_20003(sandbox: Sandbox) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client_of(sandbox, "wrong").messages.create(to=TO, from_="MYBANK", body="a")
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_too_many_requests_is_20429(twilio: Client, sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "sms", "match": {"equals": TO}, "outcome": "rate_limited", "first": 1})
    with pytest.raises(TwilioRestException) as refused:
        twilio.messages.create(to=TO, from_="MYBANK", body="a")
    assert (refused.value.status, refused.value.code) == (429, 20429)
    twilio.messages.create(to=TO, from_="MYBANK", body="a")


def test_a_lost_answer_can_be_found_by_listing(twilio: Client, sandbox: Sandbox) -> None:
    """W2: no idempotency key exists, so the list is the only way to know."""
    sandbox.scenario({"timeout_ms": 1500})
    sandbox.rule({"provider": "sms", "match": {"equals": TO}, "outcome": "timeout_after", "first": 1})
    with pytest.raises(requests.exceptions.Timeout):
        client_of(sandbox, timeout=0.5).messages.create(to=TO, from_="MYBANK", body=f"lost {LINK}")
    since = datetime.now(UTC) - timedelta(minutes=5)
    found = twilio.messages.list(to=TO, date_sent_after=since)
    assert [message.body for message in found] == [f"lost {LINK}"]
    assert twilio.messages.list(to=TO, date_sent_after=datetime.now(UTC) + timedelta(hours=1)) == []
    assert twilio.messages.list(to="+819011112222") == []


def test_the_list_turns_pages(twilio: Client) -> None:
    for number in range(7):
        twilio.messages.create(to=TO, from_="MYBANK", body=f"n{number}")
    bodies = [message.body for message in twilio.messages.list(to=TO, page_size=3)]
    assert bodies == [f"n{number}" for number in reversed(range(7))]


def test_a_status_callback_to_the_internet_is_never_posted(twilio: Client, sandbox: Sandbox) -> None:
    twilio.messages.create(to=TO, from_="MYBANK", body="a", status_callback="https://notice.example.com/x")
    wait_until(lambda: sandbox.control.get("/control/summary").json()["callbacks"].get("sms.failed", 0) >= 2)
    assert "not the callback base" in sandbox.control.get("/control/summary").json()["callback_errors"]["sms"]


def test_the_callback_base_replaces_the_origin_and_keeps_the_signature(
    twilio: Client, sandbox: Sandbox, bank: Bank
) -> None:
    sandbox.scenario({"callback_base": bank.url})
    url = "https://notice.asanagi.example/hooks/1/?x=1"
    twilio.messages.create(to=TO, from_="MYBANK", body="a", status_callback=url)
    call = bank.wait("/hooks/1/?x=1")[0]
    sandbox.scenario({"callback_base": None})
    params = dict(parse_qsl(call.body.decode()))
    assert RequestValidator(TOKEN).validate(url, params, call.headers["x-twilio-signature"])


def test_many_senders_at_once_lose_nothing(sandbox: Sandbox) -> None:
    def send(start: int) -> None:
        client = client_of(sandbox)
        for number in range(start, start + 10):
            client.messages.create(to=f"+8190{number:08d}", from_="MYBANK", body="a")

    threads = [threading.Thread(target=send, args=(n * 10,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    channel = sandbox.control.get("/control/summary").json()["channels"]["sms"]
    assert (channel["messages"], channel["unique_recipients"], channel["duplicates"]) == (50, 50, 0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("あ" * 70, 1), ("あ" * 71, 2), ("あ" * 134, 2), ("あ" * 135, 3), ("あ" * 660, 10), ("あ" * 670, 10),
        ("𠮷" * 35, 1), ("𠮷" * 36, 2), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 81, 2),
    ],
)  # fmt: skip
def test_segments_are_counted_as_carriers_do(text: str, parts: int) -> None:
    assert count_segments(text) == parts
