"""Providers that take everything after a fixed time, in a process of their own: what is measured is us."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

_LENGTH = re.compile(rb"(?i)content-length: (\d+)")


@contextmanager
def line_sink(seconds: float) -> Iterator[str]:
    """The address of a LINE that answers each push after ``seconds``."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, seconds), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join(10)


def _serve(pipe: Connection, seconds: float) -> None:
    asyncio.run(_listen(pipe, seconds))


async def _listen(pipe: Connection, seconds: float) -> None:
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
