"""HTTP and SSH to addresses that a tenant typed in: only to public machines, to exactly the address that was checked.

A name is looked up once, at the moment of connecting; every answer must be a public address; the connection goes to
the address that was checked, while certificate and Host stay the name's. So neither a second answer of the name
server, nor a redirect, nor an odd way of writing 127.0.0.1 leads into our own network.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpcore
import httpx
from django.conf import settings

MAX_BODY = 64 * 1024
STEP_SECONDS = 5.0
TOTAL_SECONDS = 15.0
HTTPS_PORT = 443
# An address of the old internet dressed for the new one (RFC 6052); the address inside is what is reached.
_NAT64 = IPv6Network("64:ff9b::/96")

type Resolve = Callable[[str, int], list[str]]


class OutgoingRefused(httpx.RequestError):
    """We do not speak to that address; ``code`` says why: scheme, credentials, port, address, too_large, encoded."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


def guarded_client(
    *,
    max_body: int = MAX_BODY,
    seconds: float = TOTAL_SECONDS,
    verify: ssl.SSLContext | None = None,
    resolve: Resolve | None = None,
    network: httpcore.NetworkBackend | None = None,
) -> httpx.Client:
    """A client for addresses that a tenant configured. Follows no redirect and no environment's proxy.

    ``max_body`` in bytes; ``seconds`` for a whole exchange, however slowly its parts arrive. ``resolve`` and
    ``network`` are the name server and the wire. Refuses with OutgoingRefused, which is an httpx.RequestError.
    """
    backend = _GuardedNetwork(resolve or addresses_of, network or httpcore.SyncBackend(), seconds)
    return httpx.Client(
        transport=_GuardedTransport(backend, verify or ssl.create_default_context(), max_body),
        timeout=STEP_SECONDS,
        follow_redirects=False,
        trust_env=False,
        headers={"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "Keizoku"},
    )


def check_url(url: str | httpx.URL) -> httpx.URL:
    """The parts of an address that can be judged without a name server; for the form in which it is typed.

    Raises:
        OutgoingRefused: not https to port 443 of a name, or with a password inside.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise OutgoingRefused("scheme") from error
    if parsed.userinfo:
        raise OutgoingRefused("credentials")
    if _is_sandbox(parsed.scheme, parsed.host, parsed.port):
        return parsed
    if parsed.scheme != "https":
        raise OutgoingRefused("scheme", parsed.scheme)
    if parsed.port not in (None, HTTPS_PORT):
        raise OutgoingRefused("port", str(parsed.port))
    if _is_number(parsed.host):
        raise OutgoingRefused("address", "not a name")
    return parsed


def connected_socket(host: str, port: int, *, seconds: float, resolve: Resolve | None = None) -> socket.socket:
    """A connection for a protocol other than HTTP; ``seconds`` for it to come about.

    Beside public machines it reaches the networks that the operator opened (PICKUP_NETWORKS), such as leased lines to
    banks, and there also numbers instead of names. Raises OutgoingRefused, or OSError.
    """
    if not settings.IS_PRODUCTION and f"{host}:{port}" == settings.SANDBOX_SFTP:
        return socket.create_connection((host, port), timeout=seconds)
    found = (resolve or addresses_of)(host, port)
    open_networks = [ip_network(network) for network in settings.PICKUP_NETWORKS]

    def may(address: str) -> bool:
        is_open = any(ip_address(address.partition("%")[0]) in network for network in open_networks)
        return is_open or (is_public(address) and not _is_number(host))

    if not found or not all(map(may, found)):
        raise OutgoingRefused("address", "not a public address")
    return socket.create_connection((found[0], port), timeout=seconds)


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, and nothing of ours, however it is wrapped."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return _is_open(IPv4Address(ip.packed[-4:]))
        # Other ways of carrying an old address lead nowhere on an honest network.
        if ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip.packed[:12] == bytes(12):
            return False
    return _is_open(ip)


def addresses_of(host: str, port: int) -> list[str]:
    """All addresses the name server knows; the name is taken as whole, never completed with our own domain."""
    whole = host if host.endswith(".") or _is_number(host) else f"{host}."
    found = socket.getaddrinfo(whole, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_open(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _is_number(host: str) -> bool:
    """An address, in one of the many ways of writing it (127.1, 0x7f000001, 2130706433, ::1), or no name at all."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    return ":" in host or not last or (last[0].isdigit() and (last.isdigit() or last.startswith("0x")))


def _is_sandbox(scheme: str, host: str, port: int | None) -> bool:
    """Outside production one plain address is allowed: the simulated world that SANDBOX_URL names."""
    if settings.IS_PRODUCTION or not settings.SANDBOX_URL:
        return False
    allowed = httpx.URL(settings.SANDBOX_URL)
    return (scheme, host, port) == (allowed.scheme, allowed.host, allowed.port)


class _GuardedNetwork(httpcore.NetworkBackend):
    """Connects to checked addresses only, and gives each connection an end."""

    def __init__(self, resolve: Resolve, network: httpcore.NetworkBackend, seconds: float) -> None:
        self._resolve = resolve
        self._network = network
        self._seconds = seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look up, check every answer, and connect to the first."""
        deadline = time.monotonic() + self._seconds
        if _is_sandbox("http", host, port):
            return _TimedStream(self._network.connect_tcp(host, port, timeout), deadline)
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if not found or not all(map(is_public, found)):
            raise OutgoingRefused("address", "not a public address")
        return _TimedStream(self._network.connect_tcp(found[0], port, timeout), deadline)

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        """Never."""
        raise OutgoingRefused("address", "a socket of this machine")


class _TimedStream(httpcore.NetworkStream):
    """A stream whose whole life is limited: the library's time-outs begin anew with every byte."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None, too_late: type[Exception]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise too_late("The exchange took too long.")
        return min(left, timeout or left)


class _GuardedTransport(httpx.HTTPTransport):
    """Checks each request's address, redirects' too should somebody follow them, and limits what comes back."""

    def __init__(self, network: httpcore.NetworkBackend, context: ssl.SSLContext, max_body: int) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=network, max_keepalive_connections=0, http2=False
        )
        self._max_body = max_body

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, or refuse."""
        check_url(request.url)
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            response.close()
            raise OutgoingRefused("encoded", "asked for identity")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _CappedStream(response.stream, self._max_body)
        return response


class _CappedStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        for piece in self._stream:
            taken += len(piece)
            if taken > self._limit:
                raise OutgoingRefused("too_large", str(self._limit))
            yield piece

    def close(self) -> None:
        """Pass it on."""
        self._stream.close()
