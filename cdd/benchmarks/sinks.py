"""Providers that take everything after a fixed time, in a process of their own: what is measured is us."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

_LENGTH = re.compile(rb"(?i)content-length: (\d+)")
# What a relay such as Postfix offers.
_EHLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN\r\n"
_ANSWERS = {
    b"EHLO": _EHLO,
    b"HELO": b"250 sink\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 2.0.0 bye\r\n",
}
_TAKEN, _OK = b"250 2.0.0 taken\r\n", b"250 2.1.0 ok\r\n"
_END_OF_TEXT = b"\r\n.\r\n"


@dataclass(frozen=True, slots=True)
class MailSink:
    """A relay on this machine, and how many mails it has taken so far."""

    port: int
    mails: Callable[[], int]


@contextmanager
def line_sink(seconds: float) -> Iterator[str]:
    """The address of a LINE that answers each push after ``seconds``."""
    with _in_a_process(_serve_line, seconds) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def mail_sink(seconds: float) -> Iterator[MailSink]:
    """A relay that takes each mail after ``seconds``."""
    taken = get_context("spawn").Value("q", 0)
    with _in_a_process(_serve_mail, seconds, taken) as port:
        yield MailSink(port, lambda: int(taken.value))


@contextmanager
def _in_a_process(serve: Callable[..., None], *arguments: Any) -> Iterator[int]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, *arguments), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join(10)


def _serve_line(pipe: Connection, seconds: float) -> None:
    asyncio.run(_listen_as_line(pipe, seconds))


async def _listen_as_line(pipe: Connection, seconds: float) -> None:
    body = b'{"sentMessages":[{"id":"1234567890123456"}]}'
    answer = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-line-request-id: bench\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(body), body)
    )

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                await reader.readexactly(int(length[1]) if length else 0)
                await asyncio.sleep(seconds)
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, backlog=512)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _serve_mail(pipe: Connection, seconds: float, taken: Any) -> None:
    asyncio.run(_listen_as_relay(pipe, seconds, taken))


async def _listen_as_relay(pipe: Connection, seconds: float, taken: Any) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Relay(seconds, taken), "127.0.0.1", 0, backlog=512)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class _Relay(asyncio.Protocol):
    """One connection. Commands may come many at once."""

    transport: asyncio.Transport

    def __init__(self, seconds: float, taken: Any) -> None:
        self._seconds, self._taken = seconds, taken
        self._unread, self._is_text = b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while True:
            piece, end, rest = self._unread.partition(_END_OF_TEXT if self._is_text else b"\r\n")
            if not end:
                return
            self._unread = rest
            if self._is_text:
                self._take()
            else:
                self._is_text = piece[:4].upper() == b"DATA"
                self.transport.write(_ANSWERS.get(piece[:4].upper(), _OK))

    def _take(self) -> None:
        self._is_text = False
        self._taken.value += 1
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self.transport.write, _TAKEN)
        else:
            self.transport.write(_TAKEN)
