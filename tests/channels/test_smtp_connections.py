"""Connections to a relay that carry one mail after another, against a relay that counts and hangs up."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from channels.protocols import AmbiguousFailure, Message, PermanentFailure, TransientFailure
from channels.providers.smtp import SmtpProvider
from tenants.identifiers import uuid7


@dataclass
class Relay:
    """A relay of few words. ``hang_up_at`` ends a connection, without an answer, at the n-th command of that name."""

    port: int = 0
    connections: int = 0
    mails: list[str] = field(default_factory=list)
    hang_up_at: dict[str, int] = field(default_factory=dict)

    def hangs_up(self, verb: str) -> bool:
        left = self.hang_up_at.get(verb, 0)
        self.hang_up_at[verb] = left - 1
        return left == 1


@pytest.fixture
def relay() -> Iterator[Relay]:
    """One, on a port of its own."""
    state = Relay()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            state.connections += 1
            self.say("220 relay")
            to = ""
            for line in self.rfile:
                words = line.decode().strip()
                verb = words[:4].upper()
                if state.hangs_up(verb):
                    return
                if verb == "RCPT":
                    to = words[9:-1]
                if verb == "DATA":
                    self.say("354 go on")
                    while self.rfile.readline().strip() != b".":
                        pass
                    if state.hangs_up("DOT"):
                        return
                    state.mails.append(to)
                self.say("550 5.1.1 nobody" if verb == "RCPT" and "nobody" in to else "250 ok")
                if verb == "QUIT":
                    return

        def say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = False
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture
def provider(relay: Relay) -> Iterator[SmtpProvider]:
    """Our side."""
    values: dict[str, Any] = {"host": "127.0.0.1", "port": relay.port, "security": "", "secret": "x"}
    values["require_ready_domain"] = False
    made = SmtpProvider(
        sender="kakunin@asanagi.example", sender_name="あさなぎ銀行", bounce_domain="b.asanagi.example", **values
    )
    yield made
    made.close()


def mail(to: str = "a@mail.example") -> Message:
    return Message(attempt_id=uuid7(), to=to, text="本文", subject="件名")


def test_many_mails_share_a_connection(relay: Relay, provider: SmtpProvider) -> None:
    """An address that is refused spoils nothing for the next."""
    provider.send(mail())
    with pytest.raises(PermanentFailure):
        provider.send(mail("nobody@mail.example"))
    for _ in range(20):
        provider.send(mail())
    assert (relay.connections, len(relay.mails)) == (1, 21)


@pytest.mark.parametrize("verb", ["RSET", "MAIL", "RCPT", "DATA"])
def test_a_connection_that_died_meanwhile_is_made_anew(relay: Relay, provider: SmtpProvider, verb: str) -> None:
    """S1: nothing of the mail had gone out, so it goes out once."""
    provider.send(mail())
    relay.hang_up_at = {verb: 1}
    provider.send(mail())
    assert (relay.connections, len(relay.mails)) == (2, 2)


def test_what_is_lost_after_the_text_is_never_sent_again(relay: Relay, provider: SmtpProvider) -> None:
    provider.send(mail())
    relay.hang_up_at = {"DOT": 1}
    with pytest.raises(AmbiguousFailure):
        provider.send(mail())
    provider.send(mail())
    assert (relay.connections, len(relay.mails)) == (2, 2)


def test_a_relay_that_hangs_up_at_once_is_tried_later(relay: Relay, provider: SmtpProvider) -> None:
    relay.hang_up_at = {"MAIL": 1}
    with pytest.raises(TransientFailure, match="connection_lost"):
        provider.send(mail())
