"""E-mail through the bank's own relay: fixed Message-ID, text and HTML, bounces to a signed return path."""

from __future__ import annotations

import hashlib
import hmac
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.message import Message as ParsedMessage
from email.utils import format_datetime
from typing import ClassVar
from uuid import UUID

from channels.protocols import (
    AmbiguousFailure,
    Channel,
    ConfigurationFailure,
    Failure,
    FailureKind,
    ForgedWebhook,
    MalformedWebhook,
    Message,
    Outcome,
    PermanentFailure,
    Receipt,
    Report,
    TransientFailure,
)

TIMEOUT_S = 20.0
MAC_CHARS = 16
RETURN_PATH = re.compile(r"b\+(?P<attempt>[0-9a-f]{32})\.(?P<mac>[0-9a-f]{16})", re.IGNORECASE)
# A status somewhere in a bounce that is not written by the rules (some mobile carriers).
LOOSE_STATUS = re.compile(r"\b[45]\d\d[ -]([45]\.\d{1,3}\.\d{1,3})\b")
MAILBOX_FULL = "5.2.2"
# Enhanced status codes that speak of the address itself: no such user, no such domain, moved, disabled.
DEAD_ADDRESS = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")


class SmtpProvider:
    """One relay and sender. ``security`` is "starttls", "tls", or "" on a trusted network.

    ``secret`` signs the return path, so that nobody can bounce a message they never got.
    """

    channel: ClassVar = Channel.EMAIL

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        sender_name: str,
        bounce_domain: str,
        secret: str,
        username: str = "",
        password: str = "",
        security: str = "starttls",
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._username, self._password = username, password
        self._from = Address(display_name=sender_name, addr_spec=sender)
        self._bounce_domain = bounce_domain
        self._secret = secret.encode()

    def close(self) -> None:
        """Nothing to let go of: a connection lives as long as a mail."""

    def may_repeat(self, to: str) -> bool:
        """Never: a relay does not compare Message-IDs."""
        return False

    def send(self, message: Message) -> Receipt:
        """Hand the mail to the relay. Only what is lost after the text went out is ambiguous."""
        mail = self.compose(message)
        with self._session() as relay:
            _check_sender(relay.mail(self.return_path(message.attempt_id)))
            _check(relay.rcpt(message.to, ["NOTIFY=FAILURE"] if relay.has_extn("dsn") else []))
            try:
                answer = relay.data(mail.as_bytes(policy=policy.SMTP))
            except smtplib.SMTPDataError as error:
                answer = (error.smtp_code, _bytes(error.smtp_error))
            except (smtplib.SMTPException, OSError):
                raise AmbiguousFailure("no_answer") from None
            _check(answer)
        return Receipt(str(mail["Message-ID"]).strip("<>"))

    def compose(self, message: Message) -> EmailMessage:
        """The same bytes on every try: date, id and part boundary follow from the attempt's id."""
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = self._from
        mail["To"] = message.to
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(_time_of(message.attempt_id))
        mail["Message-ID"] = f"<{message.attempt_id}@{self._from.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text, cte="base64")
        if message.html:
            mail.add_alternative(message.html, subtype="html", cte="base64")
            mail.set_boundary(f"part-{message.attempt_id.hex}")
        return mail

    def return_path(self, attempt_id: UUID) -> str:
        """The envelope's sender, to which this mail's bounce comes back."""
        return f"b+{attempt_id.hex}.{self._mac(attempt_id)}@{self._bounce_domain}"

    def read_bounce(self, raw: bytes, *, recipient: str) -> Report:
        """What a bounced mail, delivered to ``recipient``, says of the attempt.

        Raises:
            ForgedWebhook: the return path was not signed by us.
            MalformedWebhook: it is no return path of ours, or the mail tells no status.
        """
        found = RETURN_PATH.match(recipient)
        if found is None:
            raise MalformedWebhook
        attempt_id = UUID(found["attempt"])
        if not hmac.compare_digest(found["mac"].lower(), self._mac(attempt_id)):
            raise ForgedWebhook
        status = _status_of(message_from_bytes(raw, policy=policy.default))
        if status.startswith("2."):
            return Report(attempt_id, Outcome.DELIVERED)
        is_soft = status.startswith("4.") or status == MAILBOX_FULL
        return Report(
            attempt_id,
            Outcome.FAILED,
            failure_kind=FailureKind.TRANSIENT if is_soft else FailureKind.PERMANENT,
            code=status,
            is_dead_address=status in DEAD_ADDRESS,
        )

    def _mac(self, attempt_id: UUID) -> str:
        return hmac.new(self._secret, attempt_id.bytes, hashlib.sha256).hexdigest()[:MAC_CHARS]

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        try:
            relay = self._connect()
        except smtplib.SMTPAuthenticationError:
            raise ConfigurationFailure("authentication") from None
        except smtplib.SMTPNotSupportedError:
            raise ConfigurationFailure("not_supported") from None
        except (smtplib.SMTPException, OSError):
            raise TransientFailure("no_connection") from None
        try:
            yield relay
        except (smtplib.SMTPException, OSError):
            raise TransientFailure("connection_lost") from None  # before the text went out
        finally:
            with suppress(smtplib.SMTPException, OSError):
                relay.quit()
            relay.close()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context() if self._security else None
        if self._security == "tls" and context:
            relay: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=context)
        else:
            relay = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
        try:
            relay.ehlo()
            if self._security == "starttls":
                relay.starttls(context=context)
                relay.ehlo()
            if self._username:
                relay.login(self._username, self._password)
        except BaseException:
            relay.close()
            raise
        return relay


def _check_sender(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code >= 500:
        raise ConfigurationFailure(_enhanced(text) or str(code))
    _check(answer)


def _check(answer: tuple[int, bytes]) -> None:
    code, text = answer
    if code >= 400:
        raise _failure(code, _enhanced(text))


def _failure(code: int, status: str) -> Failure:
    if code < 500 or status == MAILBOX_FULL:
        return TransientFailure(status or str(code))
    return PermanentFailure(status or str(code), is_dead_address=status in DEAD_ADDRESS)


def _enhanced(text: bytes) -> str:
    found = re.match(rb"([245]\.\d{1,3}\.\d{1,3})\b", text)
    return found[1].decode() if found else ""


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _status_of(bounce: ParsedMessage) -> str:
    for part in bounce.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else []:
                if isinstance(block, ParsedMessage) and block.get("Status"):
                    return str(block["Status"]).split()[0]
    found = LOOSE_STATUS.search(bounce.as_string())
    if found is None:
        raise MalformedWebhook
    return found[1]


def _time_of(attempt_id: UUID) -> datetime:
    """When a version 7 id was made."""
    return datetime.fromtimestamp((attempt_id.int >> 80) / 1000, UTC)
