"""The door for mail that comes back: a small mail server that takes what our signed return paths say is ours."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import close_old_connections, connections

from audit.acting import acting
from audit.services import Actor
from channels.models import ProviderAccount
from channels.protocols import Channel, ForgedWebhook, MalformedWebhook
from channels.services import receive_bounce
from tenants.scoping import active_tenant_ids, tenant_scope

log = logging.getLogger(__name__)
SIZE_LIMIT = 5 * 1024 * 1024
SECONDS_OF_SILENCE = 60
# How old the list of domains may be before a mail to an unknown one makes us look again.
LIST_AGE_S = 5.0
OK, LATER = "250 2.0.0 Ok", "451 4.3.0 Try again later"
NOT_OURS, FORGED, NOT_A_BOUNCE = "550 5.1.1 No such address", "550 5.7.1 Not signed by us", "550 5.6.0 Not a bounce"
CROWDED = "452 4.5.3 One recipient at a time"


@dataclass
class Doors:
    """Which bounce domain is whose. If two banks name the same, the signature tells whose mail it was."""

    _of_domain: dict[str, list[tuple[int, UUID]]] = field(default_factory=dict)
    _read_at: float = float("-inf")

    def find(self, address: str) -> list[tuple[int, UUID]]:
        """Tenants and accounts; read anew when the domain is unknown, for banks come and go."""
        domain = address.rpartition("@")[2].lower()
        if domain not in self._of_domain and time.monotonic() - self._read_at > LIST_AGE_S:
            self._of_domain = _domains()
            self._read_at = time.monotonic()
        return self._of_domain.get(domain, [])


class Intake:
    """aiosmtpd's hooks. A mail is answered for once it is in the tenant's inbox, and not before."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._doors = Doors()
        # One connection to the database, used by one mail at a time: bounces come in dozens, not in thousands a second.
        self._turn = threading.Lock()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds hooks by this name
        self, server: Any, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """One recipient, in a domain of ours."""
        if envelope.rcpt_tos:
            return CROWDED
        try:
            found = await asyncio.to_thread(self._find, address)
        except Exception as error:  # the database is away
            log.error("Nobody could be asked for a bounce domain: %s.", type(error).__name__)
            return LATER
        if not found:
            return NOT_OURS
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """Keep it."""
        raw = envelope.original_content or b""
        try:
            return await asyncio.to_thread(self._keep, envelope.rcpt_tos[0], raw)
        except Exception as error:  # it stays with the mail server, which comes again
            log.error("A returned mail could not be kept: %s.", type(error).__name__)
            return LATER

    def _find(self, address: str) -> list[tuple[int, UUID]]:
        with self._turn:
            try:
                close_old_connections()
                return self._doors.find(address)
            finally:
                connections.close_all()

    def _keep(self, recipient: str, raw: bytes) -> str:
        with self._turn:
            try:
                return keep_returned(self._doors.find(recipient), recipient=recipient, raw=raw, now=self._clock())
            finally:
                connections.close_all()


def keep_returned(doors: Sequence[tuple[int, UUID]], *, recipient: str, raw: bytes, now: datetime) -> str:
    """Put a returned mail into the inbox of the tenant that signed; the line to answer the mail server with."""
    answer = NOT_OURS
    for tenant_id, account_id in doors:
        with acting(Actor.provider("smtp")), tenant_scope(tenant_id):
            account = ProviderAccount.objects.filter(pk=account_id).first()
            if account is None:
                continue
            try:
                receive_bounce(account=account, raw=raw, recipient=recipient, now=now)
            except ForgedWebhook:
                answer = FORGED
            except MalformedWebhook:
                answer = NOT_A_BOUNCE
            else:
                return OK
    return answer


def new_server(intake: Intake, *, is_local: bool) -> SMTP:
    """One connection's server: LMTP for a mail server on the same host (``is_local``), else SMTP."""
    kind = LMTP if is_local else SMTP
    return kind(
        intake,
        data_size_limit=SIZE_LIMIT,
        enable_SMTPUTF8=True,
        hostname="bounces",
        ident="ready",
        timeout=SECONDS_OF_SILENCE,
    )


def _domains() -> dict[str, list[tuple[int, UUID]]]:
    found: dict[str, list[tuple[int, UUID]]] = {}
    for tenant_id in active_tenant_ids():
        with tenant_scope(tenant_id):
            for account in ProviderAccount.objects.filter(channel=Channel.EMAIL):
                domain = str(account.options.get("bounce_domain", "")).lower()
                if domain:
                    found.setdefault(domain, []).append((tenant_id, account.pk))
    return found
