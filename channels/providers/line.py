"""LINE: push messages to friends of the bank's account, and notification messages to phone numbers."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import ClassVar
from urllib.parse import urlencode
from uuid import UUID

from linebot.v3.messaging import (
    PnpTemplatedMessageRequest,
    ReplyMessageRequest,
    SetWebhookEndpointRequest,
    TestWebhookEndpointRequest,
    TextMessage,
)
from linebot.v3.webhook import SignatureValidator

from channels.protocols import (
    AddressNews,
    AddressTied,
    Call,
    Channel,
    Failure,
    Finding,
    ForgedWebhook,
    InboundEvent,
    MalformedWebhook,
    Message,
    News,
    Outcome,
    PersonWrote,
    QuotaFailure,
    Receipt,
    Report,
    TransientFailure,
)
from channels.providers.line_api import API, AlreadyAccepted, LineApi, LongLivedToken, StatelessTokens, Tokens, header

ACCESS = "https://access.line.me"
USER_ID = re.compile(r"U[0-9a-f]{32}")
TAG_PREFIX = "attempt-"
PUSH, NOTIFICATION = "/v2/bot/message/push", "/bot/pnp/push"


class LineProvider:
    """One LINE official account.

    A push carries the attempt's id as retry key, so it can be repeated for 24 hours. A notification message
    cannot: there the id travels as delivery tag and comes back in the delivery event.
    """

    channel: ClassVar = Channel.LINE

    def __init__(
        self,
        *,
        channel_secret: str,
        access_token: str = "",
        channel_id: str = "",
        assertion_key: str = "",
        assertion_key_id: str = "",
        callback_url: str = "",
        base_url: str = API,
    ) -> None:
        self._api = LineApi(
            base_url=base_url,
            tokens=_tokens(
                base_url=base_url,
                access_token=access_token,
                channel_id=channel_id,
                channel_secret=channel_secret,
                assertion_key=assertion_key,
                key_id=assertion_key_id,
            ),
        )
        self._access_url = ACCESS if base_url == API else base_url
        self._callback_url = callback_url
        self._validator = SignatureValidator(channel_secret)

    def close(self) -> None:
        """Let go of the connections."""
        self._api.close()

    def may_repeat(self, to: str) -> bool:
        """True for a push. A notification message has no key that would make a repeat safe."""
        return is_user_id(to)

    def send(self, message: Message) -> Receipt:
        """Push to a user id, or send a notification message to a number in E.164."""
        if is_user_id(message.to):
            return self._push(message)
        return self._notify_by_template(message) if message.template else self._notify(message)

    def _push(self, message: Message) -> Receipt:
        said = {"to": message.to, "messages": [_text(message)]}
        try:
            return Receipt(self._api.post(PUSH, said, X_Line_Retry_Key=str(message.attempt_id), may_repeat=True))
        except AlreadyAccepted as accepted:
            return Receipt(accepted.reference)

    def _notify(self, message: Message) -> Receipt:
        said = {"to": digest_of(message.to), "messages": [_text(message)]}
        tag = delivery_tag(message.attempt_id)
        return Receipt(self._api.post(NOTIFICATION, said, X_Line_Delivery_Tag=tag, may_repeat=False))

    def _notify_by_template(self, message: Message) -> Receipt:
        response = self._api.call(
            self._api.messaging.push_templated_messages_by_phone_with_http_info,
            PnpTemplatedMessageRequest.from_dict({**json.loads(message.template), "to": digest_of(message.to)}),
            x_line_delivery_tag=delivery_tag(message.attempt_id),
            may_repeat=False,
        )
        return Receipt(header(response.headers, "x-line-request-id"))

    def answer(self, reply_token: str, text: str) -> None:
        """Reply to what somebody wrote. A reply token works once, for about a minute.

        Raises:
            Failure: LINE did not take it; there is nothing to be tried again.
        """
        request = ReplyMessageRequest(replyToken=reply_token, messages=[TextMessage(text=text)])
        self._api.call(self._api.messaging.reply_message, request, may_repeat=False)

    def linking_address(self, user_id: str, nonce: str) -> str:
        """LINE's page where this person, and nobody else, confirms the tie. Works once, for ten minutes.

        Raises:
            Failure: LINE issued no link token.
        """
        issued = self._api.call(self._api.messaging.issue_link_token, user_id, may_repeat=True)
        return (
            f"{self._access_url}/dialog/bot/accountLink?{urlencode({'linkToken': issued.link_token, 'nonce': nonce})}"
        )

    def set_webhook(self, url: str) -> None:
        """Tell LINE where to send its events."""
        self._api.call(
            self._api.messaging.set_webhook_endpoint, SetWebhookEndpointRequest(endpoint=url), may_repeat=True
        )

    def check_setup(self) -> list[Finding]:
        """Who LINE says we are, whether its events reach us, and what is left of the month's messages."""
        try:
            info = self._api.call(self._api.messaging.get_bot_info, may_repeat=True)
        except Failure as failure:
            return [Finding("line_access", is_ok=False, detail=failure.code)]
        return [Finding("line_access", is_ok=True, detail=info.basic_id), *self._check_webhook(), self._check_quota()]

    def _check_webhook(self) -> list[Finding]:
        try:
            endpoint = self._api.call(self._api.messaging.get_webhook_endpoint, may_repeat=True)
            is_ours = endpoint.active and endpoint.endpoint == self._callback_url
            place = Finding("line_webhook_address", is_ok=is_ours, detail="" if endpoint.active else "inactive")
            tested = self._api.call(
                self._api.messaging.test_webhook_endpoint, TestWebhookEndpointRequest(), may_repeat=True
            )
        except Failure as failure:
            return [Finding("line_webhook_address", is_ok=False, detail=failure.code)]
        is_reached = bool(tested.success)
        return [place, Finding("line_webhook_answers", is_ok=is_reached, detail="" if is_reached else tested.reason)]

    def _check_quota(self) -> Finding:
        try:
            quota = self._api.call(self._api.messaging.get_message_quota, may_repeat=True)
            used = self._api.call(self._api.messaging.get_message_quota_consumption, may_repeat=True).total_usage
        except (TransientFailure, QuotaFailure) as failure:  # asked too often: says nothing of the messages
            return Finding("line_quota_unknown", is_ok=True, detail=failure.code)
        except Failure as failure:
            return Finding("line_quota_unknown", is_ok=False, detail=failure.code)
        if quota.value is None:
            return Finding("line_quota", is_ok=True, detail=str(used))
        return Finding("line_quota", is_ok=used < quota.value, detail=f"{used}/{quota.value}")

    def verify(self, call: Call) -> list[InboundEvent]:
        """Check the signature over the raw body, then take it apart into events."""
        try:
            text = call.body.decode()
        except UnicodeDecodeError as error:
            raise ForgedWebhook from error
        if not self._validator.validate(text, call.headers.get("x-line-signature", "")):
            raise ForgedWebhook
        try:
            events = json.loads(text)["events"]
            return [InboundEvent(str(event["webhookEventId"]), _dump(event)) for event in events]
        except (ValueError, KeyError, TypeError) as error:
            raise MalformedWebhook from error

    def read(self, body: bytes) -> list[News]:
        """Deliveries of notification messages, follows, what people write, confirmed ties; the rest says nothing."""
        event = json.loads(body)
        at = _time(event.get("timestamp"))
        source = event.get("source") or {}
        user_id = str(source.get("userId") or "") if source.get("type", "user") == "user" else ""
        match event.get("type"):
            case "delivery":
                attempt_id = _attempt_of(event.get("delivery", {}).get("data", ""))
                return [Report(attempt_id, Outcome.DELIVERED, at=at)] if attempt_id else []
            case "follow" | "unfollow" as kind:
                return [AddressNews(user_id, is_reachable=kind == "follow", at=at)] if user_id else []
            case "message" if user_id and event.get("mode") == "active":
                # In standby another service holds the conversation, and we keep silent.
                message = event.get("message") or {}
                text = str(message.get("text") or "") if message.get("type") == "text" else ""
                return [PersonWrote(user_id, text, reply_token=str(event.get("replyToken") or ""), at=at)]
            case "accountLink" if user_id and event.get("link", {}).get("result") == "ok":
                return [AddressTied(user_id, nonce=str(event["link"].get("nonce") or ""), at=at)]
            case _:
                return []


def is_user_id(to: str) -> bool:
    """True for LINE's own id of a person, False for a phone number."""
    return USER_ID.fullmatch(to) is not None


def delivery_tag(attempt_id: UUID) -> str:
    """LINE echoes 16 to 100 characters; this is the only thing that ties a delivery event to an attempt."""
    return f"{TAG_PREFIX}{attempt_id}"


def _text(message: Message) -> dict[str, str]:
    return {"type": "text", "text": message.text}


def digest_of(phone: str) -> str:
    """How notification messages name a number in E.164."""
    return hashlib.sha256(phone.encode()).hexdigest()


def _tokens(*, base_url: str, access_token: str, channel_id: str, channel_secret: str, **key: str) -> Tokens:
    if channel_id:
        return StatelessTokens(base_url=base_url, channel_id=channel_id, channel_secret=channel_secret, **key)
    return LongLivedToken(access_token)


def _attempt_of(tag: str) -> UUID | None:
    try:
        return UUID(tag.removeprefix(TAG_PREFIX))
    except ValueError:  # a hashed phone number: not a message of ours
        return None


def _time(milliseconds: object) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int) else None


def _dump(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
