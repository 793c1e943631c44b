"""Customers' browsers for benchmarks: as little as a browser can be, so that the server is what is measured.

Everything is on loopback, bounded by what it is given to do, and ends with it.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from statistics import quantiles
from time import perf_counter, sleep
from urllib.parse import urlencode

HOST = "127.0.0.1"
PROOF = {"era": "showa", "year": "55", "month": "5", "day": "3", "last_digits": "4567"}
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: ([^\r]+)", re.IGNORECASE)
_COOKIE = re.compile(rb"\r\nset-cookie: ([^\r]+)", re.IGNORECASE)
_SECRET = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
_CONTROL = re.compile(rb'type="radio" name="(\w+)"')


# Of a customer's way through the standard questionnaire.
STEPS = 21


class Refused(RuntimeError):
    """A page answered what it should not have."""


@dataclass(slots=True)
class Browser:
    """One connection that is kept open, and the cookies of whoever uses it now."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    line: socket.socket | None = None

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, bytes, bytes]:
        """Status, head and body of the answer; a connection that the server has closed is opened anew.

        Raises:
            Refused: the answer is neither a page nor a redirection.
        """
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = b"" if form is None else urlencode(form).encode()
        head = f"{'GET' if form is None else 'POST'} {path} HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nCookie: {jar}\r\n"
        if form is not None:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        request = head.encode() + b"\r\n" + body
        answer = self._sent(request) or self._sent(request)
        if answer is None:
            raise Refused(f"{path}: the connection was closed.")
        said, _, page = answer.partition(b"\r\n\r\n")
        status = int(said[9:12])
        if status not in (200, 302):
            raise Refused(f"{path}: {status}")
        for given in _COOKIE.findall(said):
            for name, morsel in SimpleCookie(given.decode()).items():
                self.cookies[name] = morsel.value
        return status, said, page

    def _sent(self, request: bytes) -> bytes | None:
        if self.line is None:
            self.line = socket.create_connection((HOST, self.port), timeout=30)
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.line.sendall(request)
            return self._received(self.line)
        except OSError:
            self.close()
            return None

    def _received(self, line: socket.socket) -> bytes:
        held = b""
        while b"\r\n\r\n" not in held:
            held += _more(line)
        head, _, body = held.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        wanted = int(found[1]) if found else 0
        while len(body) < wanted:
            body += _more(line)
        if b"\r\nConnection: close" in head:
            self.close()
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        """Hang up."""
        if self.line:
            self.line.close()
        self.line = None


@dataclass(slots=True)
class Crowd:
    """What a crowd of browsers met: the seconds of each request, and of all of it."""

    seconds: list[float] = field(default_factory=list)
    lasted: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.seconds) / self.lasted

    @property
    def p99(self) -> float:
        """Seconds within which 99 of a hundred were answered."""
        return quantiles(self.seconds, n=100)[-1]


def visit(browser: Browser, token: str) -> Iterator[str]:
    """One customer's way from the link to the receipt, a request at each step; gives the step's method."""
    browser.cookies.clear()
    browser.ask(f"/r/{token}/")
    yield "GET"
    path = f"/r/{token}/identity/"
    _, _, page = browser.ask(path)
    yield "GET"
    form = PROOF
    while True:
        secret = _SECRET.search(page)
        if not secret:
            raise Refused(f"{path}: no form")
        _, head, _ = browser.ask(path, {**form, "csrfmiddlewaretoken": secret[1].decode()})
        yield "POST"
        path, page = yield from _follow(browser, head)
        if path == "/r/answer/done/":
            return
        form = _filled(page)


def read_bare(browser: Browser, slug: str) -> Iterator[str]:
    """A visit to the bare view: as many requests as a customer's way has."""
    for _ in range(STEPS):
        browser.ask(f"/{slug}/")
        yield "GET"


def crowd(
    port: int,
    visits: Sequence[str],
    going: Callable[[Browser, str], Iterator[str]],
    *,
    at_once: int,
    every: float = 0.0,
) -> Crowd:
    """Let ``at_once`` browsers make the visits, each beginning the next when one is over.

    ``every``: seconds between two requests of all browsers together, whether the server keeps up or not; a request
    that could not be made in time counts from when it should have been. 0: as fast as answers come.

    Raises:
        Refused: a page was not what it should have been.
    """
    waiting, lock = iter(visits), threading.Lock()
    found = Crowd()
    failures: list[Exception] = []

    def work(place: int) -> None:
        browser, due = Browser(port), perf_counter() + place * every
        try:
            while not failures:
                with lock:
                    token = next(waiting, None)
                if token is None:
                    return
                steps, seconds = going(browser, token), []
                while True:
                    sleep(max(0.0, due - perf_counter()) if every else 0.0)
                    began = due if every else perf_counter()
                    if next(steps, None) is None:
                        break
                    seconds.append(perf_counter() - began)
                    due += at_once * every
                with lock:
                    found.seconds += seconds
        except Exception as failure:  # whatever it is, the caller is to hear it
            failures.append(failure)
        finally:
            browser.close()

    threads = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(at_once)]
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.lasted = perf_counter() - began
    if failures:
        raise failures[0]
    return found


def _more(line: socket.socket) -> bytes:
    some = line.recv(65_536)
    if not some:
        raise ConnectionResetError
    return some


def _follow(browser: Browser, head: bytes) -> Generator[str, None, tuple[str, bytes]]:
    status, path, page = 302, "", b""
    while status == 302:
        found = _LOCATION.search(head)
        if not found:
            raise Refused("A redirection to nowhere.")
        path = found[1].decode()
        status, head, page = browser.ask(path)
        yield "GET"
    return path, page


def _filled(page: bytes) -> dict[str, str]:
    """What is on file is right; every question is answered with no."""
    if b'value="unchanged"' in page:
        return {"action": "unchanged"}
    return {"action": "continue", **{name.decode(): "no" for name in _CONTROL.findall(page.partition(b"<main")[2])}}
