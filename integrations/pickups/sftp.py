"""A folder of an SFTP server, which is spoken to only if it shows the key that was agreed on."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from itertools import islice, pairwise
from typing import Any

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from paramiko.ssh_exception import IncompatiblePeer

from integrations.pickups.places import ARCHIVE, MOST_ENTRIES, PIECE, FileVanished, PlaceFailed
from integrations.pickups.rules import Entry
from tenants.outgoing import OutgoingRefused, connected_socket

# How long the server may take to greet, to let us in, and for any one answer.
STEP_SECONDS = 30.0
# Its own words, which name files, stay out of our logs.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)
_REQUEST = paramiko.SFTPFile.MAX_REQUEST_SIZE
_UNSENT = -1  # the number of a request that never left
# As in the first column of known_hosts; what a host of that kind may sign with.
_SIGNS_WITH = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}


@dataclass(frozen=True, slots=True)
class Server:
    """Whom to speak to, as whom, and by which keys: ours as OpenSSH writes it, theirs as `read_host_key` gives it."""

    host: str
    port: int
    username: str
    host_key: str
    private_key: str
    folder: str


def make_key() -> tuple[str, str]:
    """A new key of ours: the private half as OpenSSH writes it, and the public one in a line for authorized_keys."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode(), f"{public.decode()} keizoku"


def read_host_key(text: str) -> str | None:
    """Kind and key of a line of known_hosts or of a .pub file; None if there is no public key of a known kind."""
    words = text.split()
    for kind, key in pairwise(words):
        if kind in _SIGNS_WITH:
            with suppress(ValueError, paramiko.SSHException, IndexError):
                paramiko.PKey.from_type_string(kind, base64.b64decode(key, validate=True))
                return f"{kind} {key}"
    return None


def fingerprint_of(host_key: str) -> str:
    """As ssh-keygen -l shows it."""
    return _fingerprint(base64.b64decode(host_key.partition(" ")[2]))


def _fingerprint(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


@contextmanager
def open_sftp(server: Server) -> Iterator[SftpPlace]:
    """The server's folder. Raises PlaceFailed."""
    with _connected(server) as transport:
        try:
            channel = transport.open_session(timeout=STEP_SECONDS)
            channel.settimeout(STEP_SECONDS)
            channel.invoke_subsystem("sftp")
            client = _Client(channel)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise PlaceFailed("no_sftp") from error
        yield SftpPlace(client, server.folder)


@contextmanager
def _connected(server: Server) -> Iterator[paramiko.Transport]:
    wire = _wire(server)
    transport = paramiko.Transport(wire)
    transport.banner_timeout = transport.auth_timeout = STEP_SECONDS
    transport.get_security_options().key_types = _SIGNS_WITH[server.host_key.partition(" ")[0]]
    try:
        try:
            transport.start_client(timeout=STEP_SECONDS)
            shown = transport.get_remote_server_key()
        except IncompatiblePeer as error:  # above all: it has no key of the kind that was agreed on
            raise PlaceFailed("other_protocol") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise PlaceFailed("unreachable") from error
        if f"{shown.get_name()} {shown.get_base64()}" != server.host_key:
            raise PlaceFailed("host_key", shown=_fingerprint(shown.asbytes()))
        try:
            transport.auth_publickey(server.username, paramiko.Ed25519Key(file_obj=StringIO(server.private_key)))
        except paramiko.AuthenticationException as error:
            raise PlaceFailed("refused_login") from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise PlaceFailed("unreachable") from error
        yield transport
    finally:
        transport.close()
        wire.close()
        transport.join(STEP_SECONDS)  # a worker that forks later must be alone


def _wire(server: Server) -> socket.socket:
    try:
        return connected_socket(server.host, server.port, seconds=STEP_SECONDS)
    except OutgoingRefused as error:
        raise PlaceFailed("forbidden_address") from error
    except OSError as error:
        raise PlaceFailed("unreachable") from error


class _Client(paramiko.SFTPClient):
    """Leaves a broken wire to whoever reads: the library asks ahead in a thread whose failure nobody hears."""

    def _async_request(self, asker: Any, kind: Any, *said: Any) -> int:
        try:
            number: int = super()._async_request(asker, kind, *said)  # type: ignore[misc]  # the stubs leave it out
        except (OSError, EOFError, paramiko.SSHException):
            if not isinstance(asker, paramiko.SFTPFile):
                raise
            return _UNSENT
        return number


class SftpPlace:
    """A folder over one connection."""

    def __init__(self, client: paramiko.SFTPClient, folder: str) -> None:
        self._client = client
        self._folder = folder or "."

    def entries(self) -> list[Entry]:
        """As Place.entries."""
        with self._failing("no_folder"):
            listed = list(islice(self._client.listdir_iter(self._folder), MOST_ENTRIES + 1))
        if len(listed) > MOST_ENTRIES:
            raise PlaceFailed("too_many_files", limit=f"{MOST_ENTRIES:,}")
        return [_entry(item.filename, item) for item in listed if stat.S_ISREG(item.st_mode or 0)]

    def read(self, entry: Entry) -> Iterator[bytes]:
        """As Place.read."""
        with self._failing("vanished"):
            file = self._client.open(self._path(entry.name), "rb")
        with file:
            for start in range(0, entry.size, PIECE):
                with self._failing("vanished"):
                    piece = _piece(file, start, min(start + PIECE, entry.size))
                yield piece
            with self._failing("vanished"):
                after = _entry(entry.name, file.stat())
            if after != entry:
                raise FileVanished

    def archive(self, name: str, as_name: str) -> None:
        """As Place.archive."""
        try:
            with suppress(OSError):
                self._client.mkdir(self._path(ARCHIVE), 0o700)
            # The protocol's own renaming replaces nothing.
            self._client.rename(self._path(name), self._path(f"{ARCHIVE}/{as_name}"))
        except FileNotFoundError:
            raise FileVanished from None
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise PlaceFailed("archive") from error

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    @contextmanager
    def _failing(self, missing: str) -> Iterator[None]:
        """The server's and the wire's failures as ours; ``missing``: what it means that something is not there."""
        try:
            yield
        except FileNotFoundError as error:
            raise (FileVanished() if missing == "vanished" else PlaceFailed(missing)) from error
        except PermissionError as error:
            raise PlaceFailed("permission") from error
        except UnicodeDecodeError as error:
            raise PlaceFailed("unreadable_names") from error
        except (TimeoutError, EOFError, paramiko.SSHException) as error:
            raise PlaceFailed("cut_off") from error
        except OSError as error:  # the server says "failure", or the library that its socket is closed
            channel = self._client.get_channel()
            raise PlaceFailed("cut_off" if channel is None or channel.closed else "unreadable") from error


def _piece(file: paramiko.SFTPFile, start: int, end: int) -> bytes:
    """So many bytes, asked for all at once; raises FileVanished when the file is shorter by now."""
    wanted = [(at, min(_REQUEST, end - at)) for at in range(start, end, _REQUEST)]
    got = []
    for (_, size), data in zip(wanted, file.readv(wanted), strict=False):
        got.append(data)
        if len(data) != size:
            raise FileVanished
    return b"".join(got)


def _entry(name: str, found: Any) -> Entry:
    return Entry(name, found.st_size or 0, datetime.fromtimestamp(found.st_mtime or 0, UTC))
