"""Books from a real SFTP server over real sockets: its key, our key, what it shows, and how it breaks off."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.sftp import CMD_READ
from pytest_django import Settings

from audit.services import Actor
from integrations.pickups.places import FileVanished, PlaceFailed
from integrations.pickups.running import look_at_due
from integrations.pickups.services import SETTINGS, save_source
from integrations.pickups.sftp import Server, fingerprint_of, make_key, open_sftp, read_host_key
from sandbox.sftp import SftpServer
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM
from tests.integrations.picking import bring, fresh, imports, journal, look, people, set_up


@pytest.fixture
def host(tmp_path: Path, settings: Settings) -> Iterator[SftpServer]:
    """A host that lets us in as cif, which the guard takes for the simulated one."""
    server = SftpServer(tmp_path / "host").start()
    settings.SANDBOX_SFTP = f"127.0.0.1:{server.port}"
    yield server
    server.stop()


@pytest.fixture
def ours(host: SftpServer) -> Server:
    """How we sign in."""
    private, public = make_key()
    host.add_account("cif", public)
    return Server("127.0.0.1", host.port, "cif", host.public_host_key, private, "")


def names(server: Server) -> list[str]:
    with open_sftp(server) as place:
        return [entry.name for entry in place.entries()]


def failure(server: Server) -> PlaceFailed:
    with pytest.raises(PlaceFailed) as failed:
        names(server)
    return failed.value


def test_a_file_arrives_byte_for_byte_and_no_thread_stays(host: SftpServer, ours: Server) -> None:
    content = os.urandom(5_000_001)
    bring(host.home("cif"), "CIF_1.csv", content)
    (host.home("cif") / "archive").mkdir()
    (host.home("cif") / "CIF_2.csv").symlink_to("/etc/passwd")
    with open_sftp(ours) as place:
        [entry] = place.entries()
        assert entry.size == len(content)
        got = hashlib.sha256(b"".join(place.read(entry))).digest()
    assert got == hashlib.sha256(content).digest()
    theirs = {id(transport) for transport, _ in host._sessions}
    left = [thread for thread in threading.enumerate() if isinstance(thread, paramiko.Transport)]
    assert {id(thread) for thread in left} <= theirs, "a worker that forks later must be alone"


def test_a_server_with_another_key_is_told_nothing(host: SftpServer, ours: Server) -> None:
    """The control is the same server with the key it had."""
    assert names(ours) == []
    host.renew_host_key()
    failed = failure(ours)
    assert (failed.code, failed.params) == ("host_key", {"shown": fingerprint_of(host.public_host_key)})
    assert names(replace(ours, host_key=host.public_host_key)) == []


def test_a_server_without_a_key_of_the_kind_agreed_on_is_refused(host: SftpServer, ours: Server) -> None:
    rsa = paramiko.RSAKey.generate(2048)
    assert failure(replace(ours, host_key=f"ssh-rsa {rsa.get_base64()}")).code == "other_protocol"


def test_a_key_that_the_server_does_not_know_stays_outside(host: SftpServer, ours: Server) -> None:
    stranger, _ = make_key()
    assert failure(replace(ours, private_key=stranger)).code == "refused_login"
    assert failure(replace(ours, username="other")).code == "refused_login"


def test_a_server_that_is_away_or_is_none_is_unreachable(host: SftpServer, ours: Server, settings: Settings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        settings.SANDBOX_SFTP = f"127.0.0.1:{port}"
        assert failure(replace(ours, port=port)).code == "unreachable"
        closed.listen()

        def answer() -> None:
            wire, _ = closed.accept()
            wire.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            wire.close()

        thread = threading.Thread(target=answer)
        thread.start()
        assert failure(replace(ours, port=port)).code == "unreachable"
        thread.join()


def test_addresses_of_our_own_network_are_not_spoken_to(ours: Server, settings: Settings) -> None:
    """The control is the same address while the operator opens its network, and the simulated host before."""
    assert names(ours) == []
    settings.SANDBOX_SFTP = ""
    for inside in ("127.0.0.1", "localhost", "2130706433", "169.254.169.254"):
        assert failure(replace(ours, host=inside)).code in {"forbidden_address", "unreachable"}, inside
    assert failure(ours).code == "forbidden_address"
    settings.PICKUP_NETWORKS = ["127.0.0.0/24"]
    assert names(ours) == []


def test_a_connection_that_breaks_while_reading_is_a_failure_and_a_shorter_file_is_none(
    host: SftpServer, ours: Server
) -> None:
    file = bring(host.home("cif"), "CIF_1.csv", b"a" * 4_000_000)
    with open_sftp(ours) as place:
        [entry] = place.entries()
        file.write_bytes(b"a" * 100)
        with pytest.raises(FileVanished):
            list(place.read(entry))
    bring(host.home("cif"), "CIF_1.csv", b"a" * 4_000_000)
    host.cut_after, host.served = 2_000_000, 0
    with open_sftp(ours) as place, pytest.raises(PlaceFailed) as failed:
        list(place.read(place.entries()[0]))
    assert failed.value.code == "cut_off"


def test_a_wire_that_breaks_under_what_is_asked_ahead_is_told_once_and_by_the_reader(
    host: SftpServer, ours: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library asks ahead in a thread of its own, whose failure nobody would hear of."""
    library: Any = paramiko.SFTPClient
    send = library._send_packet

    def cut(client: Any, kind: int, packet: Any) -> None:
        if kind == CMD_READ:
            client.get_channel().get_transport().close()
        send(client, kind, packet)

    bring(host.home("cif"), "CIF_1.csv", b"a" * 4_000_000)
    monkeypatch.setattr(library, "_send_packet", cut)
    with open_sftp(ours) as place, pytest.raises(PlaceFailed) as failed:
        list(place.read(place.entries()[0]))
    assert failed.value.code == "cut_off"


def test_archiving_replaces_nothing(host: SftpServer, ours: Server) -> None:
    home = host.home("cif")
    with open_sftp(ours) as place:
        for content in (b"one", b"two"):
            bring(home, "CIF_1.csv", content)
            if content == b"one":
                place.archive("CIF_1.csv", "kept")
        with pytest.raises(PlaceFailed):
            place.archive("CIF_1.csv", "kept")
    assert ((home / "archive" / "kept").read_bytes(), (home / "CIF_1.csv").read_bytes()) == (b"one", b"two")


@pytest.mark.parametrize(
    "line", ["{key}", "sftp.bank.example {key} somebody", "[sftp.bank.example]:2022 {key}", "\n {key}\n"]
)
def test_a_host_key_is_read_from_what_people_have(host: SftpServer, line: str) -> None:
    assert read_host_key(line.format(key=host.public_host_key)) == host.public_host_key


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3MAAACB", "SHA256:abc"])
def test_what_is_no_host_key_is_not_taken_for_one(line: str) -> None:
    assert read_host_key(line) is None


def test_the_whole_way_from_a_server_with_its_key_changing_underway(
    in_tenant: Tenant, administrator: User, host: SftpServer
) -> None:
    source = set_up(
        administrator, kind="SFTP", folder="", host="127.0.0.1", port=host.port, username="cif",
        host_key=host.public_host_key, marker=".done", afterwards="ARCHIVE",
    )  # fmt: skip
    look(NOW)
    assert fresh(source).failure_code == "refused_login"
    home = host.add_account("cif", source.public_key)
    bring(home, "CIF_1.csv", people(2))
    bring(home, "CIF_1.csv.done", b"")
    host.renew_host_key()
    look(NOW)
    assert (fresh(source).failure_code, imports()) == ("host_key", [])
    assert host.served == 0
    found = fresh(source)
    values = {name: getattr(found, name) for name in SETTINGS} | {"host_key": host.public_host_key}
    save_source(source=found, values=values, actor=Actor.user(administrator.pk), now=NOW)
    look_at_due(actor=SYSTEM, now=NOW)
    assert (fresh(source).failure_code, journal(), imports()) == ("", [("CIF_1.csv", "TAKEN")], ["DRAFT"])
    assert sorted(path.name[-9:] for path in (home / "archive").iterdir()) == [".csv.done", "CIF_1.csv"]
