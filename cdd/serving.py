"""How gunicorn serves the web (`--config python:cdd.serving`): its limits, and a worker no slow client can hold."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from gunicorn.http import wsgi
from gunicorn.workers.gthread import ThreadWorker

# What the server is made of helps nobody but an intruder; gunicorn has no setting for it.
wsgi.SERVER = "web"

SECONDS_FOR_HEAD = 5.0
SECONDS_FOR_BODY = 10.0
BYTES_A_SECOND = 50_000


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Threads, each given back when a client takes too long to say what it wants.

    gunicorn's own limit ends with a connection's first byte; after it, a handful of clients that send a byte now and
    then would hold every thread. Ours is on the whole head, and on the whole body by its length.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it."""
        self._patience[conn] = time.monotonic() + SECONDS_FOR_HEAD
        try:
            return super().handle(conn)
        finally:
            self._patience.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The head is here; the application reads the body."""
        length = next((int(value) for name, value in req.headers if name == "CONTENT-LENGTH" and value.isdecimal()), 0)
        if length:
            self._patience[conn] = time.monotonic() + SECONDS_FOR_BODY + length / BYTES_A_SECOND
        else:
            self._patience.pop(conn, None)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Every second or so: also hang up on those whose time is over, which wakes the thread that waits for them."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in list(self._patience.items()):
            if until < now and not _is_read(conn):
                _hang_up(conn)


def _is_read(conn: Any) -> bool:
    """Whether the whole body has been read: then it is the application that takes its time."""
    request = getattr(conn.parser, "mesg", None)
    reader = getattr(getattr(request, "body", None), "reader", None)
    return reader is not None and getattr(reader, "length", 1) == 0


def _hang_up(conn: Any) -> None:
    with contextlib.suppress(OSError):  # gone already
        conn.sock.shutdown(socket.SHUT_RD)


worker_class = Worker
worker_connections = 200
timeout = 60
graceful_timeout = 30
keepalive = 5
# A cookie of ours and the longest address we make fit many times over.
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
# No access log: the addresses of customers' pages hold their keys.
accesslog = None
control_socket_disable = True
