"""E-mail through a mail service, by Anymail: our attempt's id goes with each mail and comes back with its reports."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from typing import Any, ClassVar
from urllib.parse import urlencode, urljoin

import httpx
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailWebhookValidationFailure,
)
from django.core.handlers.wsgi import WSGIRequest
from django.core.mail import EmailMultiAlternatives

from channels.dns_resolver import DnsResolver
from channels.mail_readiness import check_service_domain
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
    Outcome,
    PermanentFailure,
    QuotaFailure,
    Receipt,
    Report,
    TransientFailure,
)
from channels.providers.anymail_events import ATTEMPT, inbound_event, report_of
from channels.providers.anymail_services import SERVICES, backend_of, view_of
from channels.providers.sms_gateway import REFUSED_ADDRESS, retry_after

READY_FOR_S = 600.0
# Postmark's own numbers of what concerns the account rather than the mail; the rest go by the HTTP status.
POSTMARK_ACCOUNT = frozenset({10, 400, 401, 412, 413})
POSTMARK_CREDITS = 405
# What Anymail's views let through of a body that is not what they expect.
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError)


class AnymailProvider:
    """One account with one of `SERVICES`, whose own settings are ``settings``.

    ``http`` is a client that speaks to public addresses only. ``webhook_secret`` is "user:password", which the service
    brings with each report. ``dkim_selector`` is the one that the service signs with; nothing leaves before DNS has its
    key and DMARC, unless ``require_ready_domain`` is off.
    """

    channel: ClassVar = Channel.EMAIL

    def __init__(
        self,
        *,
        http: httpx.Client,
        service: str,
        sender: str,
        sender_name: str,
        callback_url: str,
        webhook_secret: str,
        api_url: str = "",
        dkim_selector: str = "",
        require_ready_domain: bool = True,
        dns_servers: Sequence[str] = (),
        **settings: str,
    ) -> None:
        self._http = http
        self._service = SERVICES[service]
        self._from = Address(display_name=sender_name, addr_spec=sender)
        self._backend = backend_of(service, http=http, api_url=api_url, settings=settings)
        self._view = view_of(service, password=webhook_secret, settings=settings)
        self._callback_url = callback_url
        self._selector, self._dns_servers = dkim_selector, dns_servers
        self._must_be_ready, self._ready_until = require_ready_domain, 0.0
        self._settings = settings

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def may_repeat(self, to: str) -> bool:
        """Never: none of the services compares what it is given."""
        return False

    def send(self, message: Message) -> Receipt:
        """Hand the mail over. Anything but a clear answer is ambiguous."""
        self._refuse_unready()
        mail = self.compose(message)
        try:
            self._backend.send_messages([mail])
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise TransientFailure("no_connection") from None
        except httpx.RequestError as error:
            raise _unanswered(error) from None
        except AnymailRecipientsRefused:
            raise self._refused(mail) from None
        except AnymailInvalidAddress:
            raise PermanentFailure("invalid_address", is_dead_address=True) from None
        except AnymailAPIError as error:
            raise _failure(error) from None
        except (AnymailError, AnymailConfigurationError):  # nothing was sent
            raise ConfigurationFailure("not_supported") from None
        status: Any = getattr(mail, "anymail_status", None)
        if "failed" in status.status:
            raise PermanentFailure("service_refused")
        return Receipt(str(status.message_id or "").strip("<>"))

    def compose(self, message: Message) -> EmailMultiAlternatives:
        """The same on every try; nothing of it is tracked."""
        headers = {"Auto-Submitted": "auto-generated", **self._service.headers}
        if self._service.keeps_id:
            headers["Message-ID"] = f"<{message.attempt_id}@{self._from.domain}>"
        mail = EmailMultiAlternatives(
            message.subject, message.text, from_email=str(self._from), to=[message.to], headers=headers
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        # Anymail reads these beside Django's own.
        said = {"metadata": {ATTEMPT: str(message.attempt_id)}, "track_opens": False, "track_clicks": False}
        vars(mail).update(said)
        return mail

    def check_setup(self) -> list[Finding]:
        """The domain's records, and whether reports come back over HTTPS."""
        try:
            findings = self._check_domain()
        except TransientFailure:
            findings = [Finding("mail_dns", False)]
        return [*findings, Finding("callback_address", self._callback_url.startswith("https://"))]

    def verify(self, call: Call) -> list[InboundEvent]:
        """The reports of a call that brings the account's password, and a signature where the service signs."""
        request = _request_of(call)
        try:
            self._view.run_validators(request)
        except (AnymailWebhookValidationFailure, *UNREADABLE):
            raise ForgedWebhook from None
        try:
            events = [inbound_event(event) for event in self._view.parse_events(request)]
        except (AnymailError, AnymailConfigurationError, *UNREADABLE) as error:
            raise MalformedWebhook from error
        return [event for event in events if event is not None]

    def read(self, body: bytes) -> list[News]:
        """What a kept report says."""
        return [report_of(body)]

    def _check_domain(self) -> list[Finding]:
        return check_service_domain(self._from.domain.lower(), self._selector, DnsResolver(self._dns_servers))

    def _refuse_unready(self) -> None:
        if not self._must_be_ready or time.monotonic() < self._ready_until:
            return
        missing = [finding.code for finding in self._check_domain() if not finding.is_ok]
        if missing:
            raise ConfigurationFailure(missing[0])
        self._ready_until = time.monotonic() + READY_FOR_S

    def _refused(self, mail: EmailMultiAlternatives) -> Failure:
        status: Any = getattr(mail, "anymail_status", None)
        is_invalid = "invalid" in status.status
        return PermanentFailure("rejected_invalid" if is_invalid else "rejected_other", is_dead_address=is_invalid)


class PostmarkProvider(AnymailProvider):
    """Postmark can be asked afterwards. That it does not know a mail yet is no proof that it never got it."""

    def look_up(self, message: Message, *, since: datetime) -> Report | None:
        """Find the mail by our attempt's id. ``since`` is not needed: the id is nobody else's."""
        stream = self._settings.get("message_stream") or "outbound"
        query = {"count": 50, "offset": 0, "messagestream": stream, f"metadata_{ATTEMPT}": str(message.attempt_id)}
        for found in self._list(query):
            metadata = found.get("Metadata")
            if isinstance(metadata, Mapping) and metadata.get(ATTEMPT) == str(message.attempt_id):
                return Report(message.attempt_id, Outcome.ACCEPTED, reference=str(found.get("MessageID") or ""))
        return None

    def check_setup(self) -> list[Finding]:
        """Whether the token is good, too."""
        try:
            self._list({"count": 1, "offset": 0})
        except TransientFailure as failure:
            return [Finding("account_reachable", False, failure.code), *super().check_setup()]
        return [Finding("account_reachable", True), *super().check_setup()]

    def _list(self, query: Mapping[str, object]) -> list[Mapping[str, Any]]:
        address = urljoin(self._backend.api_url, f"messages/outbound?{urlencode(query)}")
        headers = {"X-Postmark-Server-Token": self._settings["server_token"], "Accept": "application/json"}
        try:
            answer = self._http.get(address, headers=headers)
            listed = answer.json()["Messages"] if answer.status_code == 200 else None
        except (httpx.RequestError, ValueError, LookupError, TypeError):
            raise TransientFailure("list_unavailable") from None
        if not isinstance(listed, list):
            raise TransientFailure(f"http_{answer.status_code}")
        return [one for one in listed if isinstance(one, Mapping)]


def anymail_provider(*, service: str, **values: Any) -> AnymailProvider:
    """The adapter of an account with a service."""
    kind = PostmarkProvider if service == "postmark" else AnymailProvider
    return kind(service=service, **values)


def _unanswered(error: httpx.RequestError) -> Failure:
    refusal = str(getattr(error, "code", ""))
    return ConfigurationFailure(f"address_{refusal}") if refusal in REFUSED_ADDRESS else AmbiguousFailure("no_answer")


def _failure(error: Any) -> Failure:
    """What a service's refusal means, by its HTTP status and Postmark's number."""
    status = int(error.status_code or 0)
    code = f"http_{status}"
    number = _number_in(error.response)
    if number in POSTMARK_ACCOUNT:
        return ConfigurationFailure(f"postmark_{number}")
    if number == POSTMARK_CREDITS or status == 402:
        return QuotaFailure(f"postmark_{number}" if number else code)
    if status == 429:
        return TransientFailure(code, retry_after=retry_after(error.response))
    if status in (400, 413, 422):
        return PermanentFailure(code)
    if 300 <= status < 500 and status != 408:
        return ConfigurationFailure(code)
    return AmbiguousFailure("no_answer" if status < 300 else code)  # taken, perhaps


def _number_in(response: Any) -> int:
    try:
        number = response.json()["ErrorCode"]
    except (AttributeError, LookupError, TypeError, ValueError):
        return 0
    return number if isinstance(number, int) else 0


def _request_of(call: Call) -> WSGIRequest:
    """The call as Anymail's views expect it."""
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    return WSGIRequest(
        {
            **headers,
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": call.headers.get("content-type", "application/json"),
            "CONTENT_LENGTH": str(len(call.body)),
            "wsgi.input": io.BytesIO(call.body),
        }
    )
