"""Asking the virus scanner: a clear yes, a clear no, or no answer at all, which is never taken for a yes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.parse import urlsplit

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket, ResponseError

SECONDS = 20
PORT = 3310


class ScannerUnavailable(Exception):
    """There is no verdict: the scanner is down, slow, or did not finish its sentence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner found; ``signature`` is empty when that was nothing."""

    signature: str
    scanner: str


class _Clamd(ClamdNetworkSocket):
    """The library's client, which takes a broken-off answer for an answer and leaves a failed socket open."""

    def __enter__(self) -> _Clamd:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_socket()

    def _recv_response(self) -> str:
        with self.clamd_socket.makefile("rb") as answer:
            line = answer.readline(4_096)
        if not line.endswith(b"\n"):
            raise ResponseError("the answer broke off")
        return line.decode("utf-8", "replace").strip()


class _ClamdHere(_Clamd, ClamdUnixSocket):
    pass


def scan(data: bytes, *, socket: str, seconds: int = SECONDS) -> Verdict:
    """Have clamd look at some bytes. ``socket``: unix:///path or tcp://host:port; ``seconds`` for each step of it.

    Raises:
        ScannerUnavailable: no clear verdict, for whatever reason.
    """
    try:
        with _client(socket, seconds) as client:
            scanner = client.version()
            state, signature = client.instream(io.BytesIO(data)).get("stream", ("", ""))
    except (ClamdError, OSError, ValueError) as error:
        raise ScannerUnavailable(type(error).__name__) from error
    if state == "FOUND" and signature:
        return Verdict(signature[:60], scanner[:60])
    if state == "OK" and signature is None:
        return Verdict("", scanner[:60])
    raise ScannerUnavailable("unclear")


def _client(socket: str, seconds: int) -> _Clamd:
    address = urlsplit(socket)
    if address.scheme == "unix" and address.path:
        return _ClamdHere(address.path, seconds)
    if address.scheme == "tcp" and address.hostname:
        return _Clamd(address.hostname, address.port or PORT, seconds)
    raise ValueError("CLAMAV_SOCKET is neither unix:///path nor tcp://host:port")
