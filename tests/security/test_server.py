"""W16 against the real server with its real settings: oversized, endless, slow and broken requests."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cdd import serving
from tests.conftest import ROOT

QUICK = 1.0


@dataclass
class Server:
    """A running gunicorn."""

    port: int
    process: subprocess.Popen[bytes]

    def connect(self) -> socket.socket:
        """A connection that is given up after ten seconds."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, request: bytes) -> tuple[int, bytes, float]:
        """Status, everything answered, and the seconds to the first byte of it."""
        with self.connect() as line:
            began = time.monotonic()
            with contextlib.suppress(ConnectionError):  # answered and closed before we had sent all
                line.sendall(request)
            answer = b""
            first = 0.0
            with contextlib.suppress(ConnectionError, TimeoutError):
                while piece := line.recv(65536):
                    first = first or time.monotonic() - began
                    answer += piece
                    if b"Connection: keep-alive" in answer:
                        break
        return int(answer.split(b" ", 2)[1] or 0) if answer else 0, answer, first

    def is_well(self) -> bool:
        """Whether somebody else is still served at once."""
        status, _, seconds = self.ask(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return status == 200 and seconds < QUICK

    def memory(self) -> int:
        """Resident kilobytes of master and workers."""
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in [str(master), *children]]
        return sum(int(text.split("VmRSS:")[1].split()[0]) for text in statuses)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(environment: dict[str, str]) -> Server:
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "cdd.wsgi:application", "--config", "python:cdd.serving", "--preload",
        "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2", "--log-level", "critical",
    ]  # fmt: skip
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    server = Server(port, child)
    for _ in range(600):
        assert child.poll() is None, "gunicorn did not start"
        with contextlib.suppress(OSError, AssertionError):
            if server.is_well():
                return server
        time.sleep(0.1)
    raise AssertionError("gunicorn was not ready")


@pytest.fixture(scope="module")
def server(process_environment: dict[str, str]) -> Iterator[Server]:
    """The product behind the settings it has in service, with fewer threads."""
    server = start(process_environment)
    yield server
    server.process.terminate()
    server.process.wait(40)


HOST = b"Host: 127.0.0.1\r\n"
CSRF = b"Cookie: csrftoken=" + b"a" * 32 + b"\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


def post(body: bytes, kind: bytes = FORM, length: int | None = None, path: bytes = b"/sign-in/") -> bytes:
    size = str(len(body) if length is None else length).encode()
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + kind + b"Content-Length: " + size + b"\r\n\r\n" + body


ATTACKS = {
    "a body of three gigabytes announced": (post(b"a" * 1000, length=3 << 30), {413}),
    "a file of two gigabytes for nobody": (
        post(b"--x\r\n", b"Content-Type: multipart/form-data; boundary=x\r\n", length=2 << 30, path=b"/imports/new/"),
        {413},
    ),
    "two megabytes": (post(b"a=" + b"b" * (2 << 20)), {413}),
    "a hundred thousand fields": (post(b"a=&" * 100_000), {400, 403}),
    "deep JSON to a webhook": (
        post(b"[" * 200_000, b"Content-Type: application/json\r\n", path=b"/webhooks/line/x/"),
        {404, 400, 401},
    ),
    "a body too large for a webhook": (post(b"a" * (2 << 20), path=b"/webhooks/line/x/"), {413}),
    "a long address": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {400, 414}),
    "a long header": (b"GET / HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 20_000 + b"\r\n\r\n", {400, 431}),
    "a thousand headers": (b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\r\n" * 1000 + b"\r\n", {400, 431}),
    "a large cookie": (b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: a=" + b"a" * (1 << 20) + b"\r\n\r\n", {400, 431}),
    "two lengths": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", {400}),
    "length and chunks": (
        b"POST /sign-in/ HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        {400},
    ),
    "a negative length": (post(b"", length=-1), {400}),
    "a length in words": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: many\r\n\r\n", {400}),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {0, 400}),
    "a header with a line break": (b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\r\n b\r\n\r\n", {400}),
    "a name with an underscore": (b"GET /nowhere/ HTTP/1.1\r\n" + HOST + b"X_FORWARDED_PROTO: a\r\n\r\n", {404}),
    "a broken multipart": (
        post(b"--x\r\nContent-Disposition: form-data; name=\"a", b"Content-Type: multipart/form-data; boundary=x\r\n"),
        {403, 400},
    ),
    "a boundary without end": (post(b"x" * 50_000, b"Content-Type: multipart/form-data; boundary=\r\n"), {400, 403}),
    "a long query": (b"GET /sign-in/?" + b"a=1&" * 900 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {200, 400}),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_request_out_of_bounds_is_answered_at_once(server: Server, attack: str) -> None:
    request, expected = ATTACKS[attack]
    status, answer, seconds = server.ask(request)
    assert status in expected, answer[:200]
    assert seconds < QUICK * 3, "a busy machine is given some grace"
    assert b"Traceback" not in answer
    assert b"gunicorn" not in answer.lower()


def test_memory_stays_flat_under_large_bodies(server: Server) -> None:
    before = server.memory()
    for _ in range(20):
        server.ask(post(b"a=" + b"b" * (900 << 10)))
        server.ask(post(b"a" * (4 << 20)))
    assert server.memory() - before < 60_000, "kilobytes"
    assert server.is_well()


def test_whoever_sends_a_byte_now_and_then_holds_no_thread(server: Server) -> None:
    """Slowloris: twice as many slow clients as threads, in the head and in the body."""
    lines = {place: server.connect() for place in range(4)}
    for place, line in lines.items():
        head = b"POST /sign-in/ HTTP/1.1\r\n" + HOST + FORM + CSRF + b"Content-Length: 1000\r\n"
        line.sendall(head + (b"\r\n" if place % 2 else b""))
    with server.connect() as somebody:
        somebody.settimeout(1)
        somebody.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
        with pytest.raises(TimeoutError):  # control: for now they do hold every thread
            somebody.recv(1)
    until = time.monotonic() + 3 * (serving.SECONDS_FOR_HEAD + serving.SECONDS_FOR_BODY)
    while lines and time.monotonic() < until:
        for place, line in list(lines.items()):
            try:
                line.sendall(b"a")
            except OSError:
                lines.pop(place).close()
        time.sleep(0.3)
    assert not lines, "everybody was hung up on"
    assert server.is_well(), "somebody else is served"


def test_no_answer_names_what_serves_it(server: Server) -> None:
    _, answer, _ = server.ask(b"GET /sign-in/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    head = answer.partition(b"\r\n\r\n")[0].decode()
    assert "Server: web\r\n" in head
    assert not any(word in head.lower() for word in ("gunicorn", "python", "django", "x-powered-by", "wsgi"))


def test_every_way_to_start_it_uses_these_settings() -> None:
    """W5: and none of them keeps an access log."""
    for name in ("Dockerfile", "cdd/demonstration.py"):
        text = (ROOT / name).read_text()
        assert "python:cdd.serving" in text, name
        assert "access-log" not in text, name
    assert serving.accesslog is None
