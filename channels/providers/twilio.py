"""Twilio: short messages to mobile numbers; status callbacks carry our attempt's id in their path."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client

from channels.keywords import Wish, wish_of
from channels.protocols import (
    AmbiguousFailure,
    Call,
    Channel,
    ConfigurationFailure,
    Failure,
    FailureKind,
    Finding,
    ForgedWebhook,
    InboundEvent,
    MalformedWebhook,
    Message,
    News,
    OptOutNews,
    Outcome,
    PermanentFailure,
    Receipt,
    Report,
    TransientFailure,
)

API = "https://api.twilio.com"
MESSAGING_API = "https://messaging.twilio.com"
TIMEOUT_S = 10.0
# A message we could not confirm must not leave Twilio's queue hours later.
VALIDITY_S = 600
LIST_LIMIT = 200
CONNECTIONS = 16

TRANSIENT, PERMANENT = FailureKind.TRANSIENT, FailureKind.PERMANENT
CONFIGURATION = FailureKind.CONFIGURATION
# What the codes of the API and of delivery reports mean for us.
CODES = {
    20003: CONFIGURATION,
    20429: TRANSIENT,
    21211: PERMANENT,
    21214: PERMANENT,
    21217: PERMANENT,
    21408: CONFIGURATION,
    21606: CONFIGURATION,
    21607: CONFIGURATION,
    21610: PERMANENT,
    21611: TRANSIENT,
    21612: CONFIGURATION,
    21614: PERMANENT,
    21617: PERMANENT,
    21657: CONFIGURATION,
    30001: TRANSIENT,
    30002: CONFIGURATION,
    30003: TRANSIENT,  # switched off or out of reach: says nothing about the number
    30004: PERMANENT,
    30005: PERMANENT,
    30006: PERMANENT,
    30007: PERMANENT,
    30008: TRANSIENT,
    30036: TRANSIENT,
}
# Numbers that are none, a landline's, or nobody's.
DEAD_NUMBER = frozenset({21211, 21214, 21217, 21614, 30005, 30006})
# The customer sent STOP to this sender.
OPTED_OUT = 21610
OUTCOMES = {
    "accepted": Outcome.ACCEPTED,
    "scheduled": Outcome.ACCEPTED,
    "queued": Outcome.ACCEPTED,
    "sending": Outcome.ACCEPTED,
    "sent": Outcome.ACCEPTED,
    "delivered": Outcome.DELIVERED,
    "read": Outcome.DELIVERED,
    "undelivered": Outcome.FAILED,
    "failed": Outcome.FAILED,
    "canceled": Outcome.FAILED,
}
FAILURES: dict[FailureKind, type[Failure]] = {
    TRANSIENT: TransientFailure,
    PERMANENT: PermanentFailure,
    CONFIGURATION: ConfigurationFailure,
}


class TwilioProvider:
    """One Twilio account and sender.

    ``callback_url`` ends with a slash; the attempt's id and a slash are appended. ``shared_key`` verifies
    callbacks signed with a shared key instead of the account's token.
    """

    channel: ClassVar = Channel.SMS

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        sender: str,
        callback_url: str,
        shared_key: str = "",
        base_url: str = API,
        messaging_url: str = MESSAGING_API,
    ) -> None:
        http = TwilioHttpClient(timeout=TIMEOUT_S)
        for scheme in ("https://", "http://"):
            http.session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
        self._http = http.session
        self._client = Client(account_sid, auth_token, http_client=http)
        self._client.api.base_url = base_url
        self._client.messaging.base_url = messaging_url
        self._sender = sender
        self._callback_url = callback_url
        self._auth_token = auth_token
        self._shared_key = shared_key

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def may_repeat(self, to: str) -> bool:
        """Never: Twilio has no idempotency key."""
        return False

    def send(self, message: Message) -> Receipt:
        """Create a message that expires in Twilio's queue after ten minutes."""
        key = "messaging_service_sid" if _is_service(self._sender) else "from_"
        sender: dict[str, Any] = {key: self._sender}
        try:
            created = self._client.messages.create(
                to=message.to,
                body=message.text,
                status_callback=f"{self._callback_url}{message.attempt_id}/",
                validity_period=VALIDITY_S,
                **sender,
            )
        except TwilioRestException as error:
            raise _failure(error) from None
        except requests.ConnectTimeout:
            raise TransientFailure("no_connection") from None
        except requests.ConnectionError as error:
            raise _connection_failure(error) from None
        except (requests.RequestException, TwilioException, ValueError):
            raise AmbiguousFailure("no_answer") from None
        return Receipt(str(created.sid))

    def look_up(self, message: Message, *, since: datetime) -> Report | None:
        """Find the message in Twilio's own list by the number and what is unique in its text."""
        mark = message.mark or message.link
        if not mark or mark not in message.text:  # another message's text might be the same
            raise TransientFailure("no_mark")
        try:
            listed = self._client.messages.list(
                to=message.to, date_sent_after=since - timedelta(days=1), limit=LIST_LIMIT
            )
        except (TwilioException, requests.RequestException, ValueError):
            raise TransientFailure("list_unavailable") from None
        found = next((row for row in listed if mark in (row.body or "")), None)
        if found is None:
            return None
        return _report(message.attempt_id, str(found.status), str(found.sid), found.error_code)

    def check_setup(self) -> list[Finding]:
        """Whether the account is active, owns the sender, and can call us back."""
        address = urlsplit(self._callback_url)
        # Twilio posts to no host with an underscore in its name.
        can_call = Finding("callback_address", address.scheme == "https" and "_" not in (address.hostname or "_"))
        try:
            account = self._client.api.accounts(self._client.account_sid).fetch()
            is_active = account.status == "active"
            findings = [Finding("account_reachable", is_active, "" if is_active else str(account.status))]
            findings.append(Finding("sender_exists", self._owns_sender()))
        except TwilioRestException as error:
            return [Finding("account_reachable", False, str(error.code or error.status)), can_call]
        except (TwilioException, requests.RequestException, ValueError):
            return [Finding("account_reachable", False, "no_answer"), can_call]
        return [*findings, can_call]

    def _owns_sender(self) -> bool:
        """A messaging service or a number of the account. A name cannot be looked up, only judged by its form."""
        if self._sender.startswith("+"):
            return bool(self._client.incoming_phone_numbers.list(phone_number=self._sender, limit=1))
        if not _is_service(self._sender):
            return re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", self._sender) is not None
        try:
            self._client.messaging.v1.services(self._sender).fetch()
        except TwilioRestException as error:
            if error.status == 404:
                return False
            raise
        return True

    def verify(self, call: Call) -> list[InboundEvent]:
        """Check the signature over our public address and the form, and name the event by what it says.

        A call that names no attempt is a customer's own message, of which only a wish to stop or to start is kept.
        """
        try:
            fields = dict(parse_qsl(call.body.decode(), keep_blank_values=True, strict_parsing=True))
        except (UnicodeDecodeError, ValueError) as error:
            raise MalformedWebhook from error
        settings_header = call.headers.get("x-twilio-webhooks-signature-settings", "")
        key = self._shared_key if settings_header else self._auth_token
        signature = call.headers.get("x-twilio-signature", "")
        if not key or not RequestValidator(key).validate(
            call.url, fields, signature, get_signature_algorithm(settings_header)
        ):
            raise ForgedWebhook
        if call.attempt_id is None:
            return _wishes(fields)
        if not fields.get("MessageSid") or not fields.get("MessageStatus"):
            raise MalformedWebhook
        said = {name: fields.get(name, "") for name in ("MessageSid", "MessageStatus", "ErrorCode")}
        return [_event({"attempt": str(call.attempt_id), **said})]

    def read(self, body: bytes) -> list[News]:
        """The status that a callback tells, or what a customer asks for. An unknown status says nothing."""
        said: Mapping[str, str] = dict(parse_qsl(body.decode()))
        if "wish" in said:
            return [OptOutNews(said["from"], said["wish"] == Wish.STOP)]
        report = _report(UUID(said["attempt"]), said["MessageStatus"], said["MessageSid"], said.get("ErrorCode", ""))
        return [report] if report else []


def _is_service(sender: str) -> bool:
    """A messaging service rather than a name such as MGBANK."""
    return re.fullmatch(r"MG[0-9a-fA-F]{32}", sender) is not None


def _event(said: Mapping[str, str]) -> InboundEvent:
    body = urlencode(said).encode()
    return InboundEvent(hashlib.sha256(body).hexdigest(), body)


def _wishes(fields: Mapping[str, str]) -> list[InboundEvent]:
    """Twilio's own reading of the message (OptOutType) goes before ours."""
    sid, number = fields.get("MessageSid"), fields.get("From")
    if not sid or not number:
        raise MalformedWebhook
    wish = wish_of(fields.get("OptOutType") or fields.get("Body", ""))
    return [_event({"wish": wish, "from": number, "sid": sid})] if wish else []


def _report(attempt_id: UUID, status: str, sid: str, error_code: object) -> Report | None:
    outcome = OUTCOMES.get(status)
    if outcome is None:
        return None
    if outcome != Outcome.FAILED:
        return Report(attempt_id, outcome, reference=sid)
    code = str(error_code or status)
    number = int(code) if code.isdigit() else 0
    return Report(
        attempt_id,
        outcome,
        reference=sid,
        failure_kind=CODES.get(number, TRANSIENT),
        code=code,
        is_dead_address=number in DEAD_NUMBER,
        is_opt_out=number == OPTED_OUT,
    )


def _failure(error: TwilioRestException) -> Failure:
    if error.status >= 500:
        return AmbiguousFailure(f"http_{error.status}")
    code = int(error.code or 0)
    if code in CODES:
        return FAILURES[CODES[code]](str(code), is_dead_address=code in DEAD_NUMBER, is_opt_out=code == OPTED_OUT)
    if error.status == 429:
        return TransientFailure("http_429")
    if error.status in (401, 403):
        return ConfigurationFailure(f"http_{error.status}")
    return PermanentFailure(str(code or f"http_{error.status}"))


def _connection_failure(error: requests.ConnectionError) -> Failure:
    """A refused connection sent nothing; one that broke later may have."""
    reason = str(error)
    if "NewConnectionError" in reason or "NameResolutionError" in reason:
        return TransientFailure("no_connection")
    return AmbiguousFailure("connection_lost")
