"""A domestic aggregator of short messages, by HTTP and JSON: addresses, names and codes are the account's options."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID

import httpx

from channels.keywords import Wish, wish_of
from channels.protocols import (
    AmbiguousFailure,
    Call,
    Channel,
    ConfigurationFailure,
    Failure,
    Finding,
    ForgedWebhook,
    InboundEvent,
    MalformedWebhook,
    Message,
    News,
    OptOutNews,
    Outcome,
    PermanentFailure,
    QuotaFailure,
    Receipt,
    Report,
    TransientFailure,
)

# Whoever asks for a short message answers it within minutes; later it would only surprise.
VALIDITY_S = 600
ANSWERS_LIMIT = 1_000
# What the guarded client refuses before a byte has left.
REFUSED_ADDRESS = frozenset({"scheme", "credentials", "port", "address"})


class Answer(Protocol):
    """What any library's answer has."""

    @property
    def headers(self) -> Mapping[str, str]: ...


class Meaning(StrEnum):
    """What an option says that a code of the aggregator means."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    DEAD = "dead"  # the number itself is of no use
    STOPPED = "stopped"  # its owner asked this sender to stop
    CONFIGURATION = "configuration"
    QUOTA = "quota"


KINDS: dict[Meaning, type[Failure]] = {
    Meaning.TRANSIENT: TransientFailure,
    Meaning.PERMANENT: PermanentFailure,
    Meaning.DEAD: PermanentFailure,
    Meaning.STOPPED: PermanentFailure,
    Meaning.CONFIGURATION: ConfigurationFailure,
    Meaning.QUOTA: QuotaFailure,
}
# Our word for each field, and the aggregator's. A dot leads into an object; an empty name leaves the field out.
NAMES = {
    "to": "to",
    "text": "text",
    "sender": "from",
    "key": "client_reference",
    "callback_url": "callback_url",
    "validity": "validity_seconds",
    "reference": "message_id",
    "status": "status",
    "code": "error_code",
    "at": "updated_at",
    "answer_from": "answer_from",
    "answer_text": "answer_text",
}
STATUSES = {
    "accepted": "accepted",
    "queued": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "undelivered": "failed",
    "expired": "failed",
    "failed": "failed",
}
SAID = ("key", "reference", "status", "code", "at")


@dataclass(frozen=True)
class Addresses:
    """Where the aggregator is asked. ``{key}`` in ``status`` stands for our attempt's id."""

    send: str
    status: str = ""
    account: str = ""


@dataclass(frozen=True)
class Login:
    """``kind``: "bearer" (token), "header" (token in ``header``) or "basic" (user name and password)."""

    kind: str = "bearer"
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    header: str = "X-API-Key"

    def apply(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request with who we are."""
        if self.kind == "basic":
            return {**request, "auth": (self.username, self.password)}
        name, value = (self.header, self.token) if self.kind == "header" else ("Authorization", f"Bearer {self.token}")
        return {**request, "headers": {name: value}}


class SmsGateway:
    """One account with an aggregator.

    ``http`` is a client that speaks to public addresses only, because a tenant typed them in. ``is_idempotent`` may
    be set only if the aggregator promises that the same key never becomes two messages. ``secret`` signs its reports:
    HMAC-SHA256 of the raw body, hexadecimal. ``number_format`` is "e164" or "national" (09012345678).
    """

    channel: ClassVar = Channel.SMS

    def __init__(
        self,
        *,
        http: httpx.Client,
        addresses: Mapping[str, str],
        callback_url: str,
        sender: str = "",
        secret: str = "",
        login: Mapping[str, str] | None = None,
        names: Mapping[str, str] | None = None,
        statuses: Mapping[str, str] | None = None,
        codes: Mapping[str, str] | None = None,
        number_format: str = "e164",
        signature_header: str = "X-Signature",
        is_idempotent: bool = False,
        **secrets: str,
    ) -> None:
        self._http = http
        self._addresses = Addresses(**addresses)
        self._login = Login(**{**(login or {}), **secrets})
        self._callback_url = callback_url
        self._sender = sender
        self._secret = secret
        self._names = {**NAMES, **(names or {})}
        self._statuses = {word: Outcome(outcome) for word, outcome in {**STATUSES, **(statuses or {})}.items()}
        self._codes = {code: Meaning(meaning) for code, meaning in (codes or {}).items()}
        self._number_format = number_format
        self._signature_header = signature_header.lower()
        self._is_idempotent = is_idempotent

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def may_repeat(self, to: str) -> bool:
        """Only if the aggregator promises to know our keys again."""
        return self._is_idempotent

    def send(self, message: Message) -> Receipt:
        """Hand it over under our attempt's id."""
        if not self._can_be_asked:
            raise ConfigurationFailure("no_inquiry")
        said = {
            "to": self._number(message.to),
            "text": message.text,
            "sender": self._sender,
            "key": str(message.attempt_id),
            "callback_url": self._callback_url,
            "validity": VALIDITY_S,
        }
        document: dict[str, Any] = {}
        for ours, value in said.items():
            _put(document, self._names[ours], value)
        answer = self._ask("POST", self._addresses.send, json=document)
        return self._receipt(answer)

    def look_up(self, message: Message, *, since: datetime) -> Report | None:
        """Ask by our key. Without an address to ask, a message may only be sent again under the same key."""
        if not self._addresses.status:
            return None
        try:
            answer = self._ask("GET", self._addresses.status.replace("{key}", str(message.attempt_id)))
        except Failure as failure:
            raise TransientFailure(failure.code) from None
        if answer.status_code == 404:
            return None
        if answer.status_code != 200:
            raise TransientFailure(f"http_{answer.status_code}")
        said = self._said(_document(answer))
        report = self._report({**said, "key": str(message.attempt_id)})
        return report or Report(message.attempt_id, Outcome.ACCEPTED, reference=said["reference"])

    def verify(self, call: Call) -> list[InboundEvent]:
        """One report or a list of them, signed over the bytes as they came. Answers keep only a wish to stop."""
        given = call.headers.get(self._signature_header, "").removeprefix("sha256=").lower()
        true = hmac.new(self._secret.encode(), call.body, hashlib.sha256).hexdigest()
        if not self._secret or not hmac.compare_digest(given.encode(), true.encode()):
            raise ForgedWebhook
        try:
            said = json.loads(call.body)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            raise MalformedWebhook from error
        documents = said if isinstance(said, list) else [said]
        if len(documents) > ANSWERS_LIMIT or not all(isinstance(document, dict) for document in documents):
            raise MalformedWebhook
        return [event for event in map(self._event, documents) if event is not None]

    def read(self, body: bytes) -> list[News]:
        """What a report or a customer's answer says."""
        said: dict[str, str] = json.loads(body)
        if "wish" in said:
            return [OptOutNews(said["from"], said["wish"] == Wish.STOP)]
        report = self._report(said)
        return [report] if report else []

    def check_setup(self) -> list[Finding]:
        """Whether the account answers, and whether what we could not confirm could be asked about."""
        findings = [
            Finding("sender_set", bool(self._sender)),
            Finding("can_be_asked", self._can_be_asked),
            Finding("reports_signed", bool(self._secret)),
            Finding("callback_address", self._callback_url.startswith("https://")),
        ]
        if not self._addresses.account:
            return findings
        try:
            status = self._ask("GET", self._addresses.account).status_code
        except Failure as failure:
            return [Finding("account_reachable", False, failure.code), *findings]
        return [Finding("account_reachable", status == 200, "" if status == 200 else f"http_{status}"), *findings]

    @property
    def _can_be_asked(self) -> bool:
        return bool(self._addresses.status) or self._is_idempotent

    def _number(self, number: str) -> str:
        """E.164, or as one dials it in Japan."""
        if self._number_format == "national" and number.startswith("+81"):
            return "0" + number.removeprefix("+81")
        return number

    def _ask(self, method: str, url: str, **request: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, **self._login.apply(request))
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise TransientFailure("no_connection") from None
        except httpx.RequestError as error:
            refusal = str(getattr(error, "code", ""))
            if refusal in REFUSED_ADDRESS:
                raise ConfigurationFailure(f"address_{refusal}") from None
            raise AmbiguousFailure("no_answer") from None

    def _receipt(self, answer: httpx.Response) -> Receipt:
        """What the answer to a new message means."""
        status = answer.status_code
        if status >= 500 or status == 408:
            raise AmbiguousFailure(f"http_{status}")
        said = self._said(_document(answer))
        taken = Receipt(said["reference"])
        if status == 409 and self._is_idempotent:
            return taken
        meaning = self._codes.get(said["code"])
        if meaning is not None:
            raise KINDS[meaning](
                said["code"][:40],
                retry_after=retry_after(answer),
                is_dead_address=meaning is Meaning.DEAD,
                is_opt_out=meaning is Meaning.STOPPED,
            )
        if answer.is_success:
            return taken
        raise _refusal(answer)

    def _said(self, document: Mapping[str, Any]) -> dict[str, str]:
        return {ours: _at(document, self._names[ours]) for ours in SAID}

    def _event(self, document: Mapping[str, Any]) -> InboundEvent | None:
        said = self._said(document)
        number, words = _at(document, self._names["answer_from"]), _at(document, self._names["answer_text"])
        if number and words:
            wish = wish_of(words)
            if wish is None:
                return None
            said = {"wish": wish, "from": _international(number), "reference": said["reference"], "at": said["at"]}
        elif not _is_id(said["key"]):
            return None
        body = json.dumps(said, sort_keys=True).encode()
        return InboundEvent(hashlib.sha256(body).hexdigest(), body)

    def _report(self, said: Mapping[str, str]) -> Report | None:
        outcome = self._statuses.get(said["status"])
        if outcome is None:
            return None
        attempt_id, reference, at = UUID(said["key"]), said["reference"], _moment(said["at"])
        if outcome != Outcome.FAILED:
            return Report(attempt_id, outcome, at, reference)
        meaning = self._codes.get(said["code"], Meaning.TRANSIENT)
        return Report(
            attempt_id,
            outcome,
            at,
            reference,
            failure_kind=KINDS[meaning].kind,
            code=(said["code"] or said["status"])[:40],
            is_dead_address=meaning is Meaning.DEAD,
            is_opt_out=meaning is Meaning.STOPPED,
        )


def _refusal(answer: httpx.Response) -> Failure:
    """A refusal whose code the options do not know, by its HTTP status."""
    status = answer.status_code
    code = f"http_{status}"
    match status:
        case 429:
            return TransientFailure(code, retry_after=retry_after(answer))
        case 402:
            return QuotaFailure(code)
        case 400 | 422 | 409:
            return PermanentFailure(code)
    return ConfigurationFailure(code)  # who we are, where we asked, or a redirect


def retry_after(answer: Answer) -> timedelta | None:
    """How long an answer asks us to wait, a day at most."""
    seconds = answer.headers.get("retry-after", "")
    return timedelta(seconds=min(int(seconds), 86_400)) if seconds.isascii() and seconds.isdigit() else None


def _document(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        document = answer.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _at(document: Mapping[str, Any], path: str) -> str:
    """The text or number at a dotted path; empty if there is none."""
    found: Any = document
    for step in path.split(".") if path else ("",):
        found = found.get(step) if isinstance(found, Mapping) else None
    return str(found)[:500] if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _put(document: dict[str, Any], path: str, value: object) -> None:
    if not path or value == "":
        return
    *steps, last = path.split(".")
    for step in steps:
        document = document.setdefault(step, {})
    document[last] = value


def _international(number: str) -> str:
    return "+81" + number[1:] if number.startswith("0") else number


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _moment(text: str) -> datetime | None:
    """An instant with its zone; a time of day somewhere is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
