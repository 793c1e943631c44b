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
    """A relay of few words. ``hang_up_at`` ends a connection, without an answer, at the n-th command of that name.

    ``goes_on``: it wants the text also of a mail whose recipient it has refused, and takes it.
    """

    port: int = 0
    offers: str = ""
    goes_on: bool = False
    connections: int = 0
    mails: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    hang_up_at: dict[str, int] = field(default_factory=dict)

    def hangs_up(self, verb: str) -> bool:
        left = self.hang_up_at.get(verb, 0)
        self.hang_up_at[verb] = left - 1
        return left == 1


class Handler(socketserver.StreamRequestHandler):
    """One connection, answered as ``state`` says."""

    state: Relay
    to = ""

    def handle(self) -> None:
        self.state.connections += 1
        self.say("220 relay")
        for line in self.rfile:
            words = line.decode().strip()
            verb = words[:4].upper()
            self.state.commands.append(verb)
            if self.state.hangs_up(verb):
                return
            answer = self.take() if verb == "DATA" else self.answer(verb, words)
            if not answer:
                return
            self.say(answer)
            if verb == "QUIT":
                return

    def answer(self, verb: str, words: str) -> str:
        if verb == "EHLO" and self.state.offers:
            return f"250-relay\r\n250 {self.state.offers}"
        if verb == "RCPT":
            self.to = words[9:-1]
            if "nobody" in self.to:
                return "550 5.1.1 nobody"
        return "250 ok"

    def take(self) -> str:
        """The text, unless it is to nobody; "" when they hang up, or we do."""
        if "nobody" in self.to and not self.state.goes_on:
            return "554 5.5.1 no recipient"
        self.say("354 go on")
        while (line := self.rfile.readline()).strip() != b".":
            if not line:
                return ""
        if self.state.hangs_up("DOT"):
            return ""
        self.state.mails.append(self.to)
        return "250 ok"

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture(params=["", "PIPELINING"])
def relay(request: pytest.FixtureRequest) -> Iterator[Relay]:
    """One, on a port of its own, that takes commands one by one or at once."""
    state = Relay(offers=request.param)

    class Answering(Handler):
        pass

    Answering.state = state

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = False
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Answering) as server:
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
    assert relay.commands.count("RSET") == 1, "only what was refused half-way has to be forgotten"


def test_a_relay_that_wants_the_text_to_nobody_does_not_get_it(relay: Relay, provider: SmtpProvider) -> None:
    """Positive control: without the refusal it takes the text."""
    relay.goes_on = True
    provider.send(mail())
    with pytest.raises(PermanentFailure):
        provider.send(mail("nobody@mail.example"))
    provider.send(mail())
    assert relay.mails == ["a@mail.example"] * 2


def test_a_connection_that_died_after_a_refusal_is_made_anew(relay: Relay, provider: SmtpProvider) -> None:
    relay.hang_up_at = {"RSET": 1}
    with pytest.raises(PermanentFailure):
        provider.send(mail("nobody@mail.example"))
    provider.send(mail())
    assert (relay.connections, len(relay.mails)) == (2, 1)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
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
