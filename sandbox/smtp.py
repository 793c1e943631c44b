"""A mail server: takes mail into mailboxes, refuses or defers by address, and returns some of it as a bounce."""

import asyncio
import re
import secrets
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sandbox.bounces import answer_mail, return_mail
from sandbox.content import answer_link, text_of_mail
from sandbox.people import Person
from sandbox.scenario import OK
from sandbox.store import Block, Message
from sandbox.world import World, attributes_of

SIZE_LIMIT = 5 * 1024 * 1024
DELIVERY_OPTIONS = re.compile(r"(?<!\s)\s+(RET|ENVID|NOTIFY|ORCPT)=(\S+)", re.IGNORECASE)
WORDS = {
    "550": "550 5.1.1 <{to}>: Recipient address rejected: User unknown",
    "552": "552 5.2.2 <{to}>: Mailbox full",
    "451": "451 4.7.1 <{to}>: Greylisted, please try again later",
}


class Letterhead(Envelope):
    """An envelope that also keeps delivery options and what the weather will do to it."""

    def __init__(self) -> None:
        super().__init__()
        self.delivery_options: dict[str, str] = {}
        self.drop = ""


class MailServer(SMTP):
    """aiosmtpd's server that also understands delivery status options (RFC 3461)."""

    def _options(self, argument: str | None) -> str | None:
        """Notes ENVID, RET, NOTIFY and ORCPT, which aiosmtpd would refuse, and gives the rest."""
        if argument is None or not isinstance(self.envelope, Letterhead):
            return argument
        found = DELIVERY_OPTIONS.findall(argument)
        self.envelope.delivery_options.update({name.upper(): value for name, value in found})
        return DELIVERY_OPTIONS.sub("", argument)

    def _create_envelope(self) -> Envelope:
        return Letterhead()

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd finds commands by this name
        await super().smtp_MAIL(self._options(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - as above
        await super().smtp_RCPT(self._options(arg))


class Mailroom:
    """aiosmtpd's hooks: one envelope at a time, judged by the scenario."""

    def __init__(self, world: World) -> None:
        self._world = world

    def authenticator(
        self, server: Any, session: Session, envelope: Envelope, mechanism: str, auth_data: Any
    ) -> AuthResult:
        if not isinstance(auth_data, LoginPassword):
            return AuthResult(success=False, handled=False)
        user, password = auth_data.login.decode(), auth_data.password.decode()
        known = self._world.accounts.bank_of("smtp", password) == user
        return AuthResult(success=known, handled=False, auth_data=auth_data)

    async def handle_EHLO(  # noqa: N802 - as above
        self, server: Any, session: Session, envelope: Letterhead, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: Any, session: Session, envelope: Letterhead, address: str, rcpt_options: list[str]
    ) -> str:
        answer = self._refusal(envelope, address, self._bank(session, envelope))
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    def _bank(self, session: Session, envelope: Letterhead) -> str:
        login: Any = session.auth_data
        if session.authenticated and isinstance(login, LoginPassword):
            return login.login.decode()
        return self._world.accounts.bank_of_domain((envelope.mail_from or "").rpartition("@")[2])

    def _refusal(self, envelope: Letterhead, address: str, bank: str) -> str:
        """The 4xx or 5xx line for this recipient, or nothing; a drop is noted on the envelope for later."""
        world, to = self._world, address.lower()
        person = world.people.find("email", to, bank)
        kind, _, code = world.fate("email", to, person).partition(":")
        if kind in {"reject", "defer"}:
            world.store.requests[f"email.{kind}"] += 1
            return WORDS.get(code, f"{code} {code[0]}.0.0 <{{to}}>: Not accepted").format(to=address)
        attempt = world.store.next_attempt("email", to)
        outcome = world.scenario.request_outcome("email", to, attempt, attributes_of(person))
        world.store.requests[f"email.{outcome}"] += 1
        if outcome.startswith("drop"):
            envelope.drop = outcome
        return WORDS["451"].format(to=address) if outcome == "defer" else ""

    async def handle_DATA(self, server: Any, session: Session, envelope: Letterhead) -> str:  # noqa: N802 - as above
        world, bank = self._world, self._bank(session, envelope)
        await asyncio.sleep(world.scenario.seconds("latency_ms", "email", envelope.rcpt_tos[0]))
        drop = envelope.drop
        if drop != "drop_before":
            mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
            for address in envelope.rcpt_tos:
                self._deliver(envelope, mail, bank=bank, address=address)
        if drop:
            server.transport.abort()
        return f"250 2.0.0 Ok: queued as {secrets.token_hex(5).upper()}"

    def _deliver(self, envelope: Letterhead, mail: EmailMessage, *, bank: str, address: str) -> None:
        world = self._world
        person = world.people.find("email", address.lower(), bank)
        message = self._keep(mail, bank=bank, address=address, person=person)
        message.details["return_path"] = (envelope.mail_from or "").strip("<>")
        fate = world.fate("email", address.lower(), person)
        wait = world.scenario.seconds("delay_ms", "email", address, message.number)
        options = envelope.delivery_options
        headers = str(mail.get("Message-ID", ""))
        if fate in (OK, "out_of_office", "complaint"):
            message.arrived = True
            message.become("delivered")
            if fate != OK:
                world.later(wait, lambda: answer_mail(world, message, fate=fate, message_id=headers))
            return
        world.later(wait, lambda: return_mail(world, message, fate=fate, options=options, message_id=headers))

    def _keep(self, mail: EmailMessage, *, bank: str, address: str, person: Person | None) -> Message:
        text = text_of_mail(mail)
        blocks = [Block("text", text)]
        message = self._world.store.add(
            channel="email",
            bank=bank,
            provider_id=str(mail.get("Message-ID", "")).strip()[:300],
            recipient=address,
            owner=self._world.owner_of(person, address.lower()),
            sender=str(mail.get("From", ""))[:300],
            subject=str(mail.get("Subject", "")),
            blocks=blocks,
            link=answer_link(blocks),
        )
        message.details["from_name"] = parseaddr(message.sender)[0] or self._world.accounts.name_of(bank)
        return message


def new_server(world: World) -> MailServer:
    """One connection's server; asyncio makes a new one for each."""
    room = Mailroom(world)
    return MailServer(
        room,
        data_size_limit=SIZE_LIMIT,
        enable_SMTPUTF8=True,
        hostname="mx.sandbox.example",
        authenticator=room.authenticator,
        auth_require_tls=False,
        timeout=60,
    )
