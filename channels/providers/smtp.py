"""E-mail through the bank's own relay: fixed Message-ID, text and HTML, bounces to a signed return path."""

from __future__ import annotations

import hashlib
import re
import smtplib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.utils import format_datetime
from typing import ClassVar
from uuid import UUID

from channels.dns_resolver import DnsResolver
from channels.mail_readiness import Domain, check_domain
from channels.mail_signing import dkim_signed, dns_record, load_key
from channels.mail_smime import ends_soon, load_signer, problem_of, smime_signed
from channels.mail_writing import address_field, body, text_field
from channels.protocols import (
    RECIPIENT,
    AmbiguousFailure,
    Call,
    Channel,
    ConfigurationFailure,
    Failure,
    FailureKind,
    Finding,
    InboundEvent,
    MalformedWebhook,
    Message,
    News,
    Outcome,
    PermanentFailure,
    Receipt,
    Report,
    TransientFailure,
)
from channels.providers.return_path import PATTERN, ReturnPath
from channels.providers.smtp_connections import Connections, Line
from channels.returned_mail import DEAD_ADDRESS, MAILBOX_FULL, Meaning, read_returned, signed_path_in

# Of a returned mail: what it says is at its beginning, the rest is ours.
KEEP_BYTES = 256 * 1024
DELIVERED_TO = b"Delivered-To: "
GO_ON, CLOSING = 354, 421
# How long a look at the domain's records is good for.
READY_FOR_S = 600.0
DOT_FIRST = re.compile(rb"^\.", re.MULTILINE)


class SmtpProvider:
    """One relay and sender. ``security`` is "starttls", "tls", or "" on a trusted network.

    ``secret`` signs the return path, so that nobody can bounce a message they never got. The first of ``dkim``, each a
    selector and a key of `mail_signing`, signs the mail; the other one waits for its turn or fades away. ``smime`` is a
    certificate with its key, of `mail_smime`. Nothing leaves before the domain's DNS is in order, unless
    ``require_ready_domain`` is off. ``clock`` gives seconds since 1970.
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
        dkim: Sequence[Mapping[str, str]] = (),
        smime: Mapping[str, str] | None = None,
        spf: str = "",
        require_ready_domain: bool = True,
        dns_servers: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._from = Address(display_name=sender_name, addr_spec=sender)
        self._from_field = address_field("From", self._from)
        self._paths = ReturnPath(bounce_domain, secret)
        self._keys = [(one["selector"], load_key(one["key"])) for one in dkim]
        self._signer, self._clock = load_signer(smime) if smime else None, clock
        self._spf, self._dns_servers = spf, dns_servers
        self._must_be_ready, self._ready_until = require_ready_domain, 0.0
        self._lines = Connections(host=host, port=port, security=security, username=username, password=password)

    def close(self) -> None:
        """Hang up."""
        self._lines.close()

    def may_repeat(self, to: str) -> bool:
        """Never: a relay does not compare Message-IDs."""
        return False

    def send(self, message: Message) -> Receipt:
        """Hand the mail to the relay. Only what is lost after the text went out is ambiguous."""
        self._refuse_bad_certificate()
        self._refuse_unready()
        content = self.sign(self.compose(message))
        try:
            with self._lines.line() as line:
                self._hand_over(line, message, content)
        except _WornLine:  # silence on a connection that had carried mail: nothing of this one went out
            with self._lines.line(fresh=True) as line:
                self._hand_over(line, message, content)
        return Receipt(self._message_id(message.attempt_id))

    def compose(self, message: Message) -> bytes:
        """The same bytes on every try: date, id and part boundary follow from the attempt's id.

        Raises:
            ValueError: the address or the subject has a line end.
        """
        named = (
            f"Date: {format_datetime(_time_of(message.attempt_id))}\r\n"
            f"Message-ID: <{self._message_id(message.attempt_id)}>\r\n"
            "Auto-Submitted: auto-generated\r\n"
        )
        return b"".join(
            [
                self._from_field,
                address_field("To", message.to),
                text_field("Subject", message.subject),
                named.encode(),
                body(message.text, message.html, f"part-{message.attempt_id.hex}"),
            ]
        )

    def sign(self, mail: bytes) -> bytes:
        """With the bank's S/MIME signature, if it has a certificate; and around it DKIM's, if it has a key."""
        if self._signer is not None:
            mail = smime_signed(mail, self._signer)
        if not self._keys:
            return mail
        selector, key = self._keys[0]
        return dkim_signed(mail, domain=self._from.domain, selector=selector, key=key)

    def check_setup(self) -> list[Finding]:
        """The domain's records, and whether the relay lets us in."""
        try:
            findings = self._check_domain()
        except TransientFailure:
            findings = [Finding("mail_dns", False)]
        findings += self._check_certificate()
        try:
            with self._lines.line(fresh=True):
                pass
        except Failure as failure:
            return [Finding("account_reachable", False, failure.code), *findings]
        return [Finding("account_reachable", True), *findings]

    def return_path(self, attempt_id: UUID) -> str:
        """The envelope's sender, to which this mail's bounce comes back."""
        return self._paths.of(attempt_id)

    def verify(self, call: Call) -> list[InboundEvent]:
        """A returned mail, if its recipient, or for a complaint the mail it encloses, is a return path of ours."""
        recipient, raw = call.headers.get(RECIPIENT, ""), call.body[:KEEP_BYTES]
        try:
            attempt_id = self._paths.attempt_of(recipient)
        except MalformedWebhook:
            quoted = signed_path_in(raw, PATTERN)
            if quoted is None:
                raise
            attempt_id = self._paths.attempt_of(quoted[0])
        path = self._paths.of(attempt_id).encode()
        # A mail server that lost our answer gives the same mail again, under a new Received line.
        named = message_from_bytes(raw).get("Message-ID") or raw
        name = hashlib.sha256(path + (named if isinstance(named, bytes) else str(named).encode())).hexdigest()
        return [InboundEvent(name, DELIVERED_TO + path + b"\r\n" + raw)]

    def read(self, body: bytes) -> list[News]:
        """What a returned mail says of the attempt, if anything.

        Raises:
            MalformedWebhook: a person should look at it.
        """
        first, _, raw = body.partition(b"\r\n")
        attempt_id = self._paths.attempt_of(first.removeprefix(DELIVERED_TO).decode("ascii", "replace"))
        said = read_returned(raw)
        match said.meaning:
            case Meaning.DELIVERED:
                return [Report(attempt_id, Outcome.DELIVERED)]
            case Meaning.COMPLAINED:
                return [Report(attempt_id, Outcome.DELIVERED, code="complaint", is_opt_out=True)]
            case Meaning.BOUNCED:
                kind = FailureKind.TRANSIENT if said.is_soft else FailureKind.PERMANENT
                dead = said.is_dead_address
                return [Report(attempt_id, Outcome.FAILED, failure_kind=kind, code=said.status, is_dead_address=dead)]
            case Meaning.NOTHING:
                return []
        raise MalformedWebhook

    def _check_domain(self) -> list[Finding]:
        selector, record = (self._keys[0][0], dns_record(self._keys[0][1])) if self._keys else ("", "")
        claims = Domain(self._from.domain.lower(), self._paths.domain, selector, record, self._spf)
        return check_domain(claims, DnsResolver(self._dns_servers))

    def _check_certificate(self) -> list[Finding]:
        if self._signer is None:
            return []
        now, until = self._now(), f"{self._signer.ends_at:%Y-%m-%d}"
        problem = problem_of(self._signer, sender=self._from.addr_spec, now=now)
        if problem:
            return [Finding(problem, False, until)]
        return [Finding("mail_smime", not ends_soon(self._signer, now=now), until)]

    def _refuse_bad_certificate(self) -> None:
        problem = self._signer and problem_of(self._signer, sender=self._from.addr_spec, now=self._now())
        if problem:
            raise ConfigurationFailure(problem)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _refuse_unready(self) -> None:
        if not self._must_be_ready or time.monotonic() < self._ready_until:
            return
        missing = [finding.code for finding in self._check_domain() if not finding.is_ok]
        if missing:
            raise ConfigurationFailure(missing[0])
        self._ready_until = time.monotonic() + READY_FOR_S

    def _message_id(self, attempt_id: UUID) -> str:
        return f"{attempt_id}@{self._from.domain}"

    def _hand_over(self, line: Line, message: Message, content: bytes) -> None:
        relay, was_used = line.relay, not line.is_fresh
        line.is_lost = True
        notify = " NOTIFY=FAILURE" if relay.has_extn("dsn") else ""
        commands = [
            f"MAIL FROM:<{self.return_path(message.attempt_id)}>",
            f"RCPT TO:{smtplib.quoteaddr(message.to)}{notify}",
            "DATA",
        ]
        try:
            answers = line.ask(commands)
        except (smtplib.SMTPException, OSError):
            if was_used:
                raise _WornLine from None
            raise TransientFailure("connection_lost") from None  # before the text went out
        if was_used and answers[0][0] == CLOSING:
            raise _WornLine
        refusal = _refusal(answers)
        if refusal:  # a relay that waits for the text all the same is hung up on
            line.is_lost = answers[-1][0] == GO_ON or not line.begin_again()
            raise refusal
        try:
            relay.send(DOT_FIRST.sub(b"..", content) + b".\r\n")
            code, text = relay.getreply()
        except (smtplib.SMTPException, OSError):
            raise AmbiguousFailure("no_answer") from None
        line.is_lost = False
        if code >= 400:
            raise _failure(code, _enhanced(text))


class _WornLine(Exception):
    """A connection that had carried mail before turned out to be dead."""


def _refusal(answers: Sequence[tuple[int, bytes]]) -> Failure | None:
    """Why the relay does not want the text, from its answers to MAIL, RCPT and DATA."""
    for command, (code, text) in enumerate(answers):
        if command == 0 and code >= 500:
            return ConfigurationFailure(_enhanced(text) or str(code))
        if code >= 400:
            return _failure(code, _enhanced(text))
    return None if answers[-1][0] == GO_ON else TransientFailure(str(answers[-1][0]))


def _failure(code: int, status: str) -> Failure:
    if code < 500 or status == MAILBOX_FULL:
        return TransientFailure(status or str(code))
    return PermanentFailure(status or str(code), is_dead_address=status in DEAD_ADDRESS)


def _enhanced(text: bytes) -> str:
    found = re.match(rb"([245]\.\d{1,3}\.\d{1,3})\b", text)
    return found[1].decode() if found else ""


def _time_of(attempt_id: UUID) -> datetime:
    """When a version 7 id was made."""
    return datetime.fromtimestamp((attempt_id.int >> 80) / 1000, UTC)
