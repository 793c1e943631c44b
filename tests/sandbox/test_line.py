"""LINE's official SDK, unchanged, against the sandbox."""

import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import urllib3
from linebot.v3 import SignatureValidator
from linebot.v3.messaging import (
    ApiClient,
    ApiException,
    Configuration,
    FlexMessage,
    MessagingApi,
    PnpMessagesRequest,
    PushMessageRequest,
    SetWebhookEndpointRequest,
    TextMessage,
)
from linebot.v3.messaging.exceptions import ServiceException, UnauthorizedException
from linebot.v3.oauth import ApiClient as OAuthClient
from linebot.v3.oauth import ChannelAccessToken
from linebot.v3.oauth import Configuration as OAuthConfiguration

from .conftest import Bank, Sandbox

USER = "U00000000000000000000000000000001"
LINK = "https://notice.asanagi.example/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/"
SECRET = "sandbox-line-secret-asanagi"
TIMES = (2, 10)


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[MessagingApi]:
    with ApiClient(Configuration(host=f"{sandbox.url}/line", access_token="sandbox-line-asanagi")) as client:
        yield MessagingApi(client)


def text_to(user: str = USER, text: str = f"ご確認ください {LINK}") -> PushMessageRequest:
    return PushMessageRequest(to=user, messages=[TextMessage(text=text)])


def notice_to(phone: str = "+819000005678") -> PnpMessagesRequest:
    digest = hashlib.sha256(phone.encode()).hexdigest()
    return PnpMessagesRequest(to=digest, messages=[TextMessage(text=f"お知らせ {LINK}")])


def test_a_push_reaches_the_person_with_its_link(api: MessagingApi, sandbox: Sandbox) -> None:
    answer = api.push_message_with_http_info(text_to(), x_line_retry_key=str(uuid.uuid4()), _request_timeout=TIMES)
    assert answer.headers["x-line-request-id"]
    (message,) = sandbox.messages(owner="asanagi:C001")
    assert message["id"] == answer.data.sent_messages[0].id
    assert (message["link"], message["arrived"], message["bank"]) == (LINK, True, "asanagi")


def test_the_same_retry_key_again_is_answered_409_with_the_first_messages(api: MessagingApi, sandbox: Sandbox) -> None:
    key = str(uuid.uuid4())
    first = api.push_message_with_http_info(text_to(), x_line_retry_key=key, _request_timeout=TIMES)
    with pytest.raises(ApiException) as again:
        api.push_message_with_http_info(text_to(text="別の文"), x_line_retry_key=key, _request_timeout=TIMES)
    assert again.value.status == 409
    assert again.value.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
    body = json.loads(again.value.body)
    assert body["message"] == "The retry key is already accepted"
    assert body["sentMessages"][0]["id"] == first.data.sent_messages[0].id
    assert len(sandbox.messages(channel="line")) == 1


def test_a_500_after_acceptance_is_found_again_by_the_retry_key(api: MessagingApi, sandbox: Sandbox) -> None:
    """W1: the answer was lost, not the message."""
    rule = {"provider": "line", "match": {"equals": USER}, "outcome": "fail_after", "first": 1}
    sandbox.rule(rule)
    key = str(uuid.uuid4())
    with pytest.raises(ServiceException):
        api.push_message(text_to(), x_line_retry_key=key, _request_timeout=TIMES)
    with pytest.raises(ApiException) as again:
        api.push_message(text_to(), x_line_retry_key=key, _request_timeout=TIMES)
    assert again.value.status == 409
    assert len(sandbox.messages(channel="line")) == 1


def test_a_500_before_acceptance_leaves_nothing_behind(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "line", "match": {"equals": USER}, "outcome": "fail_before", "first": 1})
    key = str(uuid.uuid4())
    with pytest.raises(ServiceException):
        api.push_message(text_to(), x_line_retry_key=key, _request_timeout=TIMES)
    assert sandbox.messages(channel="line") == []
    api.push_message(text_to(), x_line_retry_key=key, _request_timeout=TIMES)
    assert len(sandbox.messages(channel="line")) == 1


def test_a_timeout_after_acceptance_is_ambiguous_until_asked_again(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.scenario({"timeout_ms": 2000})
    sandbox.rule({"provider": "line", "match": {"equals": USER}, "outcome": "timeout_after", "first": 1})
    with pytest.raises(urllib3.exceptions.HTTPError):
        api.push_message(text_to(), x_line_retry_key=str(uuid.uuid4()), _request_timeout=(1, 0.3))
    assert len(sandbox.messages(channel="line")) == 1


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        ("rate_limited", "The API rate limit has been exceeded. Try again later."),
        ("quota", "You have reached your monthly limit."),
    ],
)
def test_429_says_whether_it_is_the_rate_or_the_month(
    api: MessagingApi, sandbox: Sandbox, outcome: str, text: str
) -> None:
    sandbox.rule({"provider": "line", "match": {"equals": USER}, "outcome": outcome})
    with pytest.raises(ApiException) as refused:
        api.push_message(text_to(), _request_timeout=TIMES)
    assert (refused.value.status, json.loads(refused.value.body)["message"]) == (429, text)


def test_the_month_ends_when_the_quota_is_used_up(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.scenario({"line": {"monthly_quota": 1}})
    api.push_message(text_to(), _request_timeout=TIMES)
    assert api.get_message_quota_consumption(_request_timeout=TIMES).total_usage == 1
    assert api.get_message_quota(_request_timeout=TIMES).value == 1
    with pytest.raises(ApiException) as refused:
        api.push_message(text_to(), _request_timeout=TIMES)
    sandbox.scenario({"line": {"monthly_quota": 200_000}})
    assert json.loads(refused.value.body)["message"] == "You have reached your monthly limit."


def test_an_unknown_token_is_refused(sandbox: Sandbox) -> None:
    for token in ("nonsense", SECRET, "sandbox-line-key-asanagi"):
        configuration = Configuration(host=f"{sandbox.url}/line", access_token=token)
        with ApiClient(configuration) as client, pytest.raises(UnauthorizedException):
            MessagingApi(client).push_message(text_to(), _request_timeout=TIMES)
    assert sandbox.messages() == []


def test_a_stateless_token_works_like_the_long_lived_one(sandbox: Sandbox) -> None:
    with OAuthClient(OAuthConfiguration(host=f"{sandbox.url}/line")) as client:
        issued = ChannelAccessToken(client).issue_stateless_channel_token_by_client_secret("2000000001", SECRET)
    assert issued.expires_in == 900
    with ApiClient(Configuration(host=f"{sandbox.url}/line", access_token=issued.access_token)) as client:
        MessagingApi(client).push_message(text_to(), _request_timeout=TIMES)
    assert sandbox.messages()[0]["bank"] == "asanagi"


@pytest.mark.parametrize(
    ("body", "property"),
    [
        ({"to": USER, "messages": [{"type": "text", "text": ""}]}, "messages[0].text"),
        ({"to": USER, "messages": [{"type": "text", "text": "あ" * 5001}]}, "messages[0].text"),
        ({"to": USER, "messages": [{"type": "text", "text": "a"}] * 6}, "messages"),
        ({"to": USER, "messages": []}, "messages"),
        ({"to": USER, "messages": [{"type": "telegram"}]}, "messages[0].type"),
        ({"to": USER, "messages": [{"type": "flex", "altText": "", "contents": {}}]}, "messages[0].altText"),
    ],
)
def test_a_bad_body_is_refused_in_lines_words(sandbox: Sandbox, body: dict[str, Any], property: str) -> None:
    headers = {"Authorization": "Bearer sandbox-line-asanagi"}
    answer = httpx.post(f"{sandbox.url}/line/v2/bot/message/push", json=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["message"] == "The request body has 1 error(s)"
    assert answer.json()["details"][0]["property"] == property
    assert "x-line-request-id" in answer.headers
    assert sandbox.messages() == []


def test_broken_json_and_other_content_types_are_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/line/v2/bot/message/push"
    headers = {"Authorization": "Bearer sandbox-line-asanagi", "Content-Type": "application/json"}
    broken = httpx.post(url, content=b'{"to": ', headers=headers)
    assert broken.status_code == 400
    assert re.fullmatch(
        r"The request body could not be parsed as JSON \(line: \d+, column: \d+\)", broken.json()["message"]
    )
    deep = httpx.post(url, content=b"[" * 100_000, headers=headers)
    assert deep.status_code == 400
    plain = httpx.post(url, content=b"hello", headers={**headers, "Content-Type": "text/plain"})
    assert (plain.status_code, plain.json()["message"]) == (415, "The content type, text/plain, is not supported")


def test_a_blocked_friend_is_answered_200_and_gets_nothing(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "line", "match": {"attribute": {"顧客番号": "C001"}}, "outcome": "blocked"})
    api.push_message(text_to(), _request_timeout=TIMES)
    (message,) = sandbox.messages()
    assert (message["state"], message["arrived"]) == ("blocked", False)


def test_a_card_shows_its_rows_and_button(api: MessagingApi, sandbox: Sandbox) -> None:
    rows = [{"type": "text", "text": "期限"}, {"type": "text", "text": "1月15日"}]
    bubble = {
        "type": "bubble",
        "body": {
            "type": "box",
            "layout": "vertical",
            "contents": [{"type": "box", "layout": "baseline", "contents": rows}],
        },
        "footer": {
            "type": "box",
            "layout": "vertical",
            "contents": [{"type": "button", "action": {"type": "uri", "label": "内容を見る", "uri": LINK}}],
        },
    }
    card = FlexMessage.from_dict({"type": "flex", "altText": "確認のお願い", "contents": bubble})
    api.push_message(PushMessageRequest(to=USER, messages=[card]), _request_timeout=TIMES)
    page = sandbox.control.get("/", params={"person": "asanagi:C001"}).text
    for words in ("確認のお願い", "<dt>期限</dt><dd>1月15日</dd>", "内容を見る</a>"):
        assert words in page


def test_a_notification_message_ends_with_a_signed_delivery_event(
    api: MessagingApi, sandbox: Sandbox, bank: Bank
) -> None:
    api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=f"{bank.url}/hook"), _request_timeout=TIMES)
    tag = "t_01JZZZZZZZZZZZZZZZZZZZZZZZ"
    answer = api.push_messages_by_phone_with_http_info(notice_to(), x_line_delivery_tag=tag, _request_timeout=TIMES)
    assert answer.status_code == 200
    (call,) = bank.wait("/hook")
    assert SignatureValidator(SECRET).validate(call.body.decode(), call.headers["x-line-signature"])
    assert not SignatureValidator("another secret").validate(call.body.decode(), call.headers["x-line-signature"])
    (event,) = call.json["events"]
    assert (event["type"], event["delivery"]["data"], event["mode"]) == ("delivery", tag, "active")
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{26}", event["webhookEventId"])
    assert re.fullmatch(r"U[0-9a-f]{32}", call.json["destination"])
    (message,) = sandbox.messages(owner="asanagi:C001")
    assert (message["state"], message["channel"]) == ("delivered", "pnp")


def test_an_event_refused_by_the_bank_comes_again_marked_as_redelivery(
    api: MessagingApi, sandbox: Sandbox, bank: Bank
) -> None:
    api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=f"{bank.url}/again"), _request_timeout=TIMES)
    bank.refusals = 1
    api.push_messages_by_phone(notice_to(), x_line_delivery_tag="t_0123456789abcdef", _request_timeout=TIMES)
    first, second = (call.json["events"][0] for call in bank.wait("/again", 2))
    assert first["webhookEventId"] == second["webhookEventId"]
    assert [first["deliveryContext"]["isRedelivery"], second["deliveryContext"]["isRedelivery"]] == [False, True]


def test_a_duplicate_event_has_the_same_id_and_is_no_redelivery(
    api: MessagingApi, sandbox: Sandbox, bank: Bank
) -> None:
    sandbox.scenario({"callbacks": {"duplicate": 1}})
    api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=f"{bank.url}/twice"), _request_timeout=TIMES)
    api.push_messages_by_phone(notice_to(), x_line_delivery_tag="t_0123456789abcdef", _request_timeout=TIMES)
    events = [call.json["events"][0] for call in bank.wait("/twice", 2)]
    assert events[0] == events[1]


def test_callbacks_wait_while_held(api: MessagingApi, sandbox: Sandbox, bank: Bank) -> None:
    api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=f"{bank.url}/held"), _request_timeout=TIMES)
    sandbox.control.post("/control/hold")
    api.push_messages_by_phone(notice_to(), x_line_delivery_tag="t_0123456789abcdef", _request_timeout=TIMES)
    with pytest.raises(AssertionError, match="did not happen"):
        bank.wait("/held", seconds=0.4)
    sandbox.control.post("/control/release")
    assert len(bank.wait("/held")) == 1


def test_a_number_without_line_is_422(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "pnp", "match": {"suffix": "5678"}, "outcome": "unknown"})
    with pytest.raises(ApiException) as refused:
        api.push_messages_by_phone(notice_to(), _request_timeout=TIMES)
    assert (refused.value.status, json.loads(refused.value.body)["message"]) == (422, "Failed to send messages")
    assert sandbox.messages() == []


def test_only_people_of_the_book_have_line_when_the_scenario_says_so(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.scenario({"line": {"pnp_known": "people"}})
    api.push_messages_by_phone(notice_to(), _request_timeout=TIMES)
    with pytest.raises(ApiException) as refused:
        api.push_messages_by_phone(notice_to("+819099999999"), _request_timeout=TIMES)
    sandbox.scenario({"line": {"pnp_known": "drawn"}})
    assert refused.value.status == 422


def test_a_notification_that_never_arrives_tells_nobody(api: MessagingApi, sandbox: Sandbox) -> None:
    sandbox.rule({"provider": "pnp", "match": {"suffix": "5678"}, "outcome": "never"})
    api.push_messages_by_phone(notice_to(), _request_timeout=TIMES)
    (message,) = sandbox.messages()
    assert (message["state"], message["arrived"]) == ("accepted", False)


def test_a_retry_key_or_a_short_tag_or_a_bare_number_is_400_on_notifications(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/line/bot/pnp/push"
    auth = {"Authorization": "Bearer sandbox-line-asanagi"}
    body = {"to": "a" * 64, "messages": [{"type": "text", "text": "a"}]}
    assert httpx.post(url, json=body, headers=auth).status_code == 200
    with_key = httpx.post(url, json=body, headers={**auth, "X-Line-Retry-Key": str(uuid.uuid4())})
    short = httpx.post(url, json=body, headers={**auth, "X-Line-Delivery-Tag": "short"})
    bare = httpx.post(url, json={**body, "to": "+819012345678"}, headers=auth)
    assert [with_key.status_code, short.status_code, bare.status_code] == [400, 400, 400]
    assert bare.json()["details"][0] == {"message": "The value must be a valid SHA-256 digest.", "property": "to"}


def test_a_templated_notification_is_202(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/line/v2/bot/message/pnp/templated/push"
    auth = {"Authorization": "Bearer sandbox-line-asanagi", "X-Line-Delivery-Tag": "t_0123456789abcdef"}
    item = {"itemKey": "date_002_ja", "content": "1月15日"}
    body = {"to": "a" * 64, "templateKey": "notice_ja", "body": {"items": [item]}}
    assert httpx.post(url, json=body, headers=auth).status_code == 202
    twice = {**body, "body": {"items": [item, item]}}
    assert httpx.post(url, json=twice, headers=auth).status_code == 400


def test_an_account_is_linked_by_token_and_nonce(api: MessagingApi, sandbox: Sandbox, bank: Bank) -> None:
    api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=f"{bank.url}/link"), _request_timeout=TIMES)
    token = api.issue_link_token(USER, _request_timeout=TIMES).link_token
    dialog = f"{sandbox.url}/line/dialog/bot/accountLink"
    assert httpx.get(dialog, params={"linkToken": token, "nonce": "n" * 22}).status_code == 200
    assert httpx.get(dialog, params={"linkToken": token, "nonce": "n" * 22}).status_code == 400
    event = bank.wait("/link")[0].json["events"][0]
    assert (event["link"], event["source"]["userId"]) == ({"result": "ok", "nonce": "n" * 22}, USER)
