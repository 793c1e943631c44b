"""W14: an address that a tenant typed in never leads into our own network, over real sockets."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pytest_django import Settings

from tenants.outgoing import OutgoingRefused, addresses_of, check_url, guarded_client, is_public

NAME = "hooks.bank.example"
PUBLIC = "93.184.215.14"  # of the open internet; no packet ever goes there

type Answer = Callable[[socket.socket], None]


def plainly(status: str = "200 OK", headers: str = "", body: bytes = b"hello") -> Answer:
    def answer(connection: socket.socket) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)

    return answer


class Server:
    """One on the loopback, which counts who came and keeps what the last one said."""

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self.answer, self.context = answer, context
        self.visits, self.said = 0, b""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)

    def serve(self) -> None:
        while True:
            try:
                connection = self.listening.accept()[0]
            except OSError:
                return
            self.visits += 1
            with suppress(OSError), connection:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                with connection:
                    self.said = connection.recv(65_536)
                    self.answer(connection)


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(answer, context)
    server.thread.start()
    try:
        yield server
    finally:
        server.listening.shutdown(socket.SHUT_RDWR)
        server.listening.close()
        server.thread.join(10)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of NAME, signed by itself; key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


class Wire(httpcore.NetworkBackend):
    """The internet: leads the one public address to the loopback server, and writes down who was called."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.called: list[str] = []

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any) -> Any:
        self.called.append(host)
        assert (host, port) == (PUBLIC, 443), "only what was checked may be called"
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port, timeout)


def client_to(server: Server, certificate: Path, resolve: Any = None, **options: Any) -> tuple[httpx.Client, Wire]:
    wire = Wire(server.port)
    trusting = ssl.create_default_context(cafile=str(certificate))
    found = resolve or (lambda host, port: [PUBLIC])
    return guarded_client(verify=trusting, resolve=found, network=wire, **options), wire


def refusal_of(client: httpx.Client, url: str, **options: Any) -> str:
    with pytest.raises(OutgoingRefused) as refused:
        client.get(url, **options)
    return refused.value.code


def test_a_public_address_is_reached_by_its_name(certificate: Path, tls: ssl.SSLContext) -> None:
    """Positive control of what follows: certificate, SNI and Host are the name's, the address is the checked one."""
    asked: list[str | None] = []
    tls.sni_callback = lambda _, name, __: asked.append(name)
    with serving(plainly(), tls) as server:
        client, wire = client_to(server, certificate)
        with client:
            assert client.get(f"https://{NAME}/in?x=1").text == "hello"
    assert wire.called == [PUBLIC]
    assert asked == [NAME]
    assert f"Host: {NAME}\r\n".encode() in server.said
    assert b"GET /in?x=1" in server.said


def test_another_names_certificate_is_not_taken(certificate: Path, tls: ssl.SSLContext) -> None:
    with serving(plainly(), tls) as server:
        client, _ = client_to(server, certificate)
        with client, pytest.raises(httpx.ConnectError, match="certificate"):
            client.get("https://other.bank.example/")


WAYS_TO_THIS_MACHINE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "0", "0.0.0.0",
    "localhost", "localhost.", "127.0.0.1.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
    "１２７.0.0.1", "127。0。0。1", "ⓛocalhost",
]  # fmt: skip


@pytest.mark.parametrize("host", WAYS_TO_THIS_MACHINE)
def test_no_way_of_writing_this_machine_is_called(host: str) -> None:
    with serving(plainly()) as server:
        control = httpx.Client(trust_env=False, timeout=2)
        with control, suppress(httpx.HTTPError, httpx.InvalidURL):
            assert control.get(f"http://{host}:{server.port}/").text == "hello"
        reached = server.visits
        if host in {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "[::ffff:127.0.0.1]"}:
            assert reached == 1, "control: plain httpx gets there"
        with guarded_client() as client:
            for url in (f"https://{host}/", f"https://{host}:{server.port}/", f"http://{host}:{server.port}/"):
                with pytest.raises((OutgoingRefused, httpx.ConnectError, httpx.InvalidURL)):
                    client.get(url)
        assert server.visits == reached


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.0.0.1", "0.0.0.0", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:93.184.215.14", "::10.0.0.1", "64:ff9b::a00:1",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:53aa:64c:0:fffe:80ff:fffe", "2001:db8::1", "no", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::6810:84e5", "64:ff9b::5db8:d70e"])
def test_a_public_address_is_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["169.254.169.254"], [PUBLIC, "10.0.0.1"], ["::ffff:127.0.0.1"], ["fd00:ec2::254"], []],
)
def test_a_name_that_leads_inside_is_not_called(certificate: Path, tls: ssl.SSLContext, found: list[str]) -> None:
    """Even when one of its addresses is public."""
    with serving(plainly(), tls) as server:
        client, wire = client_to(server, certificate, resolve=lambda host, port: found)
        with client:
            assert refusal_of(client, f"https://{NAME}/") == "address"
    assert (wire.called, server.visits) == ([], 0)


def test_a_name_server_that_changes_its_mind_changes_nothing(
    certificate: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding, through the system's own resolver: public when it is checked, loopback when it counts."""
    answers: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if str(host).rstrip(".") != NAME:
            return real(host, port, *args, **kwargs)
        answers.append(PUBLIC if not answers else "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers[-1], port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with serving(plainly()) as inside:
        assert is_public(addresses_of(NAME, inside.port)[0]), "control: the naive check is content"
        with httpx.Client(trust_env=False) as naive:
            assert naive.get(f"http://{NAME}:{inside.port}/").text == "hello", "control: and lands on the loopback"
    answers.clear()
    with serving(plainly(), tls) as server:
        client, wire = client_to(server, certificate, resolve=addresses_of)
        with client:
            assert client.get(f"https://{NAME}/").text == "hello"
            assert wire.called == [PUBLIC], "one look-up, and the connection went to what it said"
            assert refusal_of(client, f"https://{NAME}/") == "address", "the second look-up says loopback"
    assert answers == [PUBLIC, "127.0.0.1"]


METADATA = "http://169.254.169.254/latest/meta-data/"


@pytest.mark.parametrize(
    "to", [METADATA, METADATA.replace("http:", "https:"), "https://127.0.0.1/", "file:///etc/passwd"]
)
def test_a_redirect_leads_nowhere(certificate: Path, tls: ssl.SSLContext, to: str) -> None:
    with serving(plainly("302 Found", f"Location: {to}\r\n"), tls) as server:
        client, wire = client_to(server, certificate)
        with client:
            answer = client.get(f"https://{NAME}/")
            assert (answer.status_code, answer.headers["Location"]) == (302, to), "handed over, not followed"
            with pytest.raises((OutgoingRefused, httpx.UnsupportedProtocol)):
                client.get(f"https://{NAME}/", follow_redirects=True)
    assert wire.called == [PUBLIC, PUBLIC]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"http://{NAME}/", "scheme"),
        (f"ftp://{NAME}/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        (f"gopher://{NAME}/", "scheme"),
        (f"https://user:secret@{NAME}/", "credentials"),
        (f"https://{NAME}@127.0.0.1/", "credentials"),
        (f"https://{NAME}:22/", "port"),
        (f"https://{NAME}:8443/", "port"),
        ("https://93.184.215.14/", "address"),
        ("https:///", "address"),
    ],
)
def test_an_address_is_judged_when_it_is_typed(url: str, code: str) -> None:
    with pytest.raises(OutgoingRefused) as refused:
        check_url(url)
    assert refused.value.code == code
    assert "secret" not in str(refused.value)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with suppress(OSError):
        for _ in range(100_000):
            connection.sendall(bytes(65_536))


def dripping(first: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        with suppress(OSError):
            for _ in range(300):
                connection.sendall(b"x")
                time.sleep(0.1)

    return answer


def test_a_body_without_end_is_cut_off(certificate: Path, tls: ssl.SSLContext) -> None:
    with serving(endless, tls) as server:
        client, _ = client_to(server, certificate, max_body=100_000)
        with client:
            assert refusal_of(client, f"https://{NAME}/") == "too_large"


def test_a_body_of_just_the_size_is_taken(certificate: Path, tls: ssl.SSLContext) -> None:
    with serving(plainly(body=bytes(1_000)), tls) as server:
        client, _ = client_to(server, certificate, max_body=1_000)
        with client:
            assert len(client.get(f"https://{NAME}/").content) == 1_000
        client, _ = client_to(server, certificate, max_body=999)
        with client:
            assert refusal_of(client, f"https://{NAME}/") == "too_large"


@pytest.mark.parametrize(
    "first", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: ", b""], ids=["body", "header", "nothing"]
)
def test_an_answer_that_drips_is_ended(certificate: Path, tls: ssl.SSLContext, first: bytes) -> None:
    """Each byte in time, all together never: the library's own time-out would wait on."""
    began = time.monotonic()
    with serving(dripping(first), tls) as server:
        client, _ = client_to(server, certificate, seconds=1.0)
        with client, pytest.raises((httpx.TimeoutException, httpx.RemoteProtocolError)):
            client.get(f"https://{NAME}/")
        assert time.monotonic() - began < 3


def test_a_packed_answer_is_refused(certificate: Path, tls: ssl.SSLContext) -> None:
    """64 KB of gzip may be 64 MB."""
    with serving(plainly(headers="Content-Encoding: gzip\r\n", body=b"\x1f\x8b"), tls) as server:
        client, _ = client_to(server, certificate)
        with client:
            assert refusal_of(client, f"https://{NAME}/") == "encoded"


def test_the_sandbox_alone_is_reached_in_the_clear_and_never_in_production(settings: Settings) -> None:
    with serving(plainly()) as server, serving(plainly()) as neighbour:
        settings.SANDBOX_URL = f"http://127.0.0.1:{server.port}"
        with guarded_client() as client:
            assert client.get(f"{settings.SANDBOX_URL}/x").text == "hello"
            for url in (f"http://127.0.0.1:{neighbour.port}/", f"https://127.0.0.1:{server.port}/"):
                with pytest.raises(OutgoingRefused):
                    client.get(url)
            settings.IS_PRODUCTION = True
            assert refusal_of(client, f"{settings.SANDBOX_URL}/x") == "scheme"
        assert (server.visits, neighbour.visits) == (1, 0)


def test_no_proxy_of_the_environment_is_used(
    certificate: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(plainly()) as proxy, serving(plainly(), tls) as server:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        client, _ = client_to(server, certificate)
        with client:
            assert client.get(f"https://{NAME}/").text == "hello"
        assert proxy.visits == 0
        assert ipaddress.ip_address(PUBLIC).is_global
