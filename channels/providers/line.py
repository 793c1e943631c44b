"""LINE: push messages to friends of the bank's account, and notification messages to phone numbers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import urllib3
from linebot.v3.messaging import (
    ApiClient,
    Configuration,
    MessagingApi,
    PnpMessagesRequest,
    PushMessageRequest,
    SetWebhookEndpointRequest,
    TextMessage,
)
from linebot.v3.messaging.exceptions import ApiException
from linebot.v3.webhook import SignatureValidator

from channels.protocols import (
    AddressNews,
    AmbiguousFailure,
    Call,
    Channel,
    ConfigurationFailure,
    Failure,
    ForgedWebhook,
    InboundEvent,
    MalformedWebhook,
    Message,
    News,
    Outcome,
    PermanentFailure,
    QuotaFailure,
    Receipt,
    Report,
    TransientFailure,
)

API = "https://api.line.me"
TIMEOUT_S = (3.0, 10.0)
QUOTA_TEXT = "You have reached your monthly limit."
USER_ID = re.compile(r"U[0-9a-f]{32}")
ALREADY_ACCEPTED = 409
TAG_PREFIX = "attempt-"


class LineProvider:
    """One LINE official account.

    A push carries the attempt's id as retry key, so it can be repeated for 24 hours. A notification message
    cannot: there the id travels as delivery tag and comes back in the delivery event.
    """

    channel: ClassVar = Channel.LINE

    def __init__(self, *, access_token: str, channel_secret: str, base_url: str = API) -> None:
        configuration = Configuration(host=base_url, access_token=access_token)
        configuration.retries = False
        configuration.connection_pool_maxsize = 16
        self._client = ApiClient(configuration)
        self._api = MessagingApi(self._client)
        self._validator = SignatureValidator(channel_secret)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.rest_client.pool_manager.clear()

    def may_repeat(self, to: str) -> bool:
        """True for a push. A notification message has no key that would make a repeat safe."""
        return is_user_id(to)

    def send(self, message: Message) -> Receipt:
        """Push to a user id, or send a notification message to a number in E.164."""
        return self._push(message) if is_user_id(message.to) else self._notify(message)

    def _push(self, message: Message) -> Receipt:
        request = PushMessageRequest(to=message.to, messages=[_text(message)])

        def call() -> Any:
            return self._api.push_message_with_http_info(
                request, x_line_retry_key=str(message.attempt_id), _request_timeout=TIMEOUT_S
            )

        try:
            response = _translate(call, may_repeat=True)
        except _AlreadyAccepted as accepted:
            return Receipt(accepted.reference)
        return Receipt(_header(response.headers, "x-line-request-id"))

    def _notify(self, message: Message) -> Receipt:
        digest = hashlib.sha256(message.to.encode()).hexdigest()
        request = PnpMessagesRequest(to=digest, messages=[_text(message)])

        def call() -> Any:
            return self._api.push_messages_by_phone_with_http_info(
                request, x_line_delivery_tag=delivery_tag(message.attempt_id), _request_timeout=TIMEOUT_S
            )

        response = _translate(call, may_repeat=False)
        return Receipt(_header(response.headers, "x-line-request-id"))

    def set_webhook(self, url: str) -> None:
        """Tell LINE where to send its events."""
        request = SetWebhookEndpointRequest(endpoint=url)
        _translate(lambda: self._api.set_webhook_endpoint(request, _request_timeout=TIMEOUT_S), may_repeat=True)

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
        """Delivery of a notification message, a follow or an unfollow. Everything else says nothing."""
        event = json.loads(body)
        at = _time(event.get("timestamp"))
        match event.get("type"):
            case "delivery":
                attempt_id = _attempt_of(event.get("delivery", {}).get("data", ""))
                return [Report(attempt_id, Outcome.DELIVERED, at=at)] if attempt_id else []
            case "follow" | "unfollow" as kind:
                user_id = event.get("source", {}).get("userId", "")
                return [AddressNews(user_id, is_reachable=kind == "follow", at=at)] if user_id else []
            case _:
                return []


def is_user_id(to: str) -> bool:
    """True for LINE's own id of a person, False for a phone number."""
    return USER_ID.fullmatch(to) is not None


def delivery_tag(attempt_id: UUID) -> str:
    """LINE echoes 16 to 100 characters; this is the only thing that ties a delivery event to an attempt."""
    return f"{TAG_PREFIX}{attempt_id}"


class _AlreadyAccepted(Exception):
    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference


def _translate(call: Callable[[], Any], *, may_repeat: bool) -> Any:
    """Run an API call and put LINE's failures into our words."""
    try:
        return call()
    except ApiException as error:
        if may_repeat and error.status == ALREADY_ACCEPTED:
            reference = _header(error.headers or {}, "x-line-accepted-request-id")
            raise _AlreadyAccepted(reference) from None
        raise _failure(error, may_repeat=may_repeat) from None
    except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
        raise TransientFailure("no_connection") from None
    except urllib3.exceptions.HTTPError:
        # With a retry key the same request may simply go again: LINE answers 409 if it had taken the first.
        raise (TransientFailure("no_answer") if may_repeat else AmbiguousFailure("no_answer")) from None


def _failure(error: ApiException, *, may_repeat: bool) -> Failure:
    status = int(error.status or 0)
    code = f"http_{status}"
    if status == 429:
        if _message(error) == QUOTA_TEXT:
            return QuotaFailure("monthly_limit")
        return TransientFailure(code, retry_after=_retry_after(error.headers or {}))
    if status >= 500:
        return TransientFailure(code) if may_repeat else AmbiguousFailure(code)
    if status in (401, 403):
        return ConfigurationFailure(code)
    return PermanentFailure(code)


def _message(error: ApiException) -> str:
    try:
        return str(json.loads(error.body or "").get("message", ""))
    except (ValueError, AttributeError):
        return ""


def _text(message: Message) -> TextMessage:
    return TextMessage(text=message.text)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = _header(headers, "retry-after")
    return timedelta(seconds=int(value)) if value.isdigit() else None


def _attempt_of(tag: str) -> UUID | None:
    try:
        return UUID(tag.removeprefix(TAG_PREFIX))
    except ValueError:  # a hashed phone number: not a message of ours
        return None


def _time(milliseconds: object) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if isinstance(milliseconds, int) else None


def _dump(event: object) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
