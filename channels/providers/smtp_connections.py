"""Open connections to one mail relay: each carries one mail after another, and is made anew when it was lost."""

from __future__ import annotations

import smtplib
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from channels.protocols import ConfigurationFailure, TransientFailure

TIMEOUT_S = 20.0
# Relays hang up on silence, most after minutes; and an idle connection holds one of theirs.
IDLE_S = 15.0
# Many relays allow a hundred mails a connection.
MOST_MAILS = 100


@dataclass
class Line:
    """One connection. ``is_fresh`` until it has carried a mail; ``is_lost`` is said by who finds nobody there."""

    relay: smtplib.SMTP
    mails: int = 0
    is_lost: bool = False
    used_at: float = field(default_factory=time.monotonic)

    @property
    def is_fresh(self) -> bool:
        return self.mails == 0

    @property
    def is_worn(self) -> bool:
        return self.mails >= MOST_MAILS or time.monotonic() - self.used_at > IDLE_S

    def ask(self, commands: Sequence[str]) -> list[tuple[int, bytes]]:
        """The answers up to the first refusal; all commands go out at once where the relay takes that (RFC 2920).

        Raises:
            ValueError: a command has a line end in it.
        """
        if any("\r" in command or "\n" in command for command in commands):
            raise ValueError("A command has a line end in it.")
        if self.relay.has_extn("pipelining"):
            self.relay.send("".join(f"{command}\r\n" for command in commands))
            return [self.relay.getreply() for _ in commands]
        answers: list[tuple[int, bytes]] = []
        for command in commands:
            answers.append(self.relay.docmd(command))
            if answers[-1][0] >= 400:
                break
        return answers

    def begin_again(self) -> bool:
        """Forget a mail that was refused half-way; False if nobody listens any more."""
        try:
            return self.relay.rset()[0] < 400
        except (smtplib.SMTPException, OSError):
            return False

    def hang_up(self) -> None:
        """Say goodbye if anybody listens."""
        with suppress(smtplib.SMTPException, OSError):
            self.relay.quit()
        self.relay.close()


class Connections:
    """Lends connections to threads, each to one at a time. ``security`` is "starttls", "tls" or ""."""

    def __init__(self, *, host: str, port: int, security: str, username: str, password: str) -> None:
        self._host, self._port, self._security = host, port, security
        self._username, self._password = username, password
        self._idle: list[Line] = []
        self._lock = threading.Lock()

    @contextmanager
    def line(self, *, fresh: bool = False) -> Iterator[Line]:
        """A connection, kept for the next mail unless it was lost; ``fresh`` makes a new one.

        Raises:
            TransientFailure: nobody answers.
            ConfigurationFailure: the relay does not take our name or our security.
        """
        line = (None if fresh else self._rested()) or Line(self._open())
        try:
            yield line
        finally:
            self._put_back(line)

    def close(self) -> None:
        """Hang up everywhere."""
        with self._lock:
            lines, self._idle = self._idle, []
        for line in lines:
            line.hang_up()

    def _put_back(self, line: Line) -> None:
        if line.is_lost:
            line.relay.close()
            return
        line.mails += 1
        line.used_at = time.monotonic()
        with self._lock:
            self._idle.append(line)

    def _rested(self) -> Line | None:
        with self._lock:
            worn = [line for line in self._idle if line.is_worn]
            self._idle = [line for line in self._idle if not line.is_worn]
            found = self._idle.pop() if self._idle else None
        for line in worn:
            line.hang_up()
        return found

    def _open(self) -> smtplib.SMTP:
        try:
            return self._connect()
        except smtplib.SMTPAuthenticationError:
            raise ConfigurationFailure("authentication") from None
        except smtplib.SMTPNotSupportedError:
            raise ConfigurationFailure("not_supported") from None
        except (smtplib.SMTPException, OSError):
            raise TransientFailure("no_connection") from None

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
