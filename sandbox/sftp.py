"""A host's SFTP server: accounts that sign in by key, each with a folder of real files, and faults on demand."""

from __future__ import annotations

import logging
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

import paramiko
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, OPEN_SUCCEEDED
from paramiko.sftp import SFTP_EOF, SFTP_FAILURE, SFTP_OK, SFTP_PERMISSION_DENIED

from sandbox.world import json_object

logging.getLogger("paramiko").setLevel(logging.CRITICAL)
NEGOTIATION_SECONDS = 10.0


class SftpServer:
    """Listens in threads of its own; folders and host key lie in `data`, so that they outlive the process."""

    def __init__(self, data: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.data = data
        self.data.mkdir(parents=True, exist_ok=True)
        self._socket = socket.create_server((host, port), backlog=20)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.host_key = self._load_key()
        # After so many bytes of files the connection breaks; None: never.
        self.cut_after: int | None = None
        self.served = 0
        self._sessions: list[tuple[paramiko.Transport, socket.socket]] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def start(self) -> SftpServer:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Hangs up everywhere; nothing listens afterwards."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(NEGOTIATION_SECONDS)
        for transport, wire in self._sessions:
            transport.close()
            wire.close()
            transport.join(NEGOTIATION_SECONDS)

    def cut(self) -> None:
        """Every connection breaks, as when a line goes dead."""
        for _, wire in self._sessions:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    @property
    def public_host_key(self) -> str:
        """As in known_hosts: kind and key."""
        return f"{self.host_key.get_name()} {self.host_key.get_base64()}"

    def renew_host_key(self) -> None:
        """From now on the server is, to all who look, another machine."""
        (self.data / "host-key").unlink()
        self.host_key = self._load_key()

    def add_account(self, user: str, public_key: str) -> Path:
        """Lets whoever holds the key in as `user`; returns the account's folder."""
        home = self.home(user)
        home.mkdir(parents=True, exist_ok=True)
        keys = self.data / "keys" / user
        keys.parent.mkdir(exist_ok=True)
        keys.write_text(public_key.split()[1])
        return home

    def home(self, user: str) -> Path:
        """Raises ValueError for what is no name."""
        if not user.isidentifier():
            raise ValueError("a user is letters, digits and underscores")
        return self.data / "home" / user

    def may_enter(self, user: str, key: paramiko.PKey) -> bool:
        known = self.data / "keys" / user
        return user.isidentifier() and known.exists() and known.read_text() == key.get_base64()

    def _load_key(self) -> paramiko.PKey:
        file = self.data / "host-key"
        if not file.exists():
            made = Ed25519PrivateKey.generate()
            file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
            file.chmod(0o600)
        return paramiko.Ed25519Key(filename=str(file))

    def _accept(self) -> None:
        while True:
            try:
                wire, _ = self._socket.accept()
            except OSError:
                return
            self._sessions = [(transport, held) for transport, held in self._sessions if transport.is_alive()]
            transport = paramiko.Transport(wire)
            transport.add_server_key(self.host_key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder)
            self._sessions.append((transport, wire))
            with suppress(paramiko.SSHException, EOFError, OSError):
                transport.start_server(event=threading.Event(), server=_Account(self))


class _Account(paramiko.ServerInterface):
    """Who is signing in."""

    def __init__(self, server: SftpServer) -> None:
        self.server = server
        self.user = ""

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.user = username
        is_known = self.server.may_enter(username, key)
        return AUTH_SUCCESSFUL if is_known else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _File(paramiko.SFTPHandle):
    """An open file that may break off."""

    def __init__(self, server: SftpServer, path: Path) -> None:
        super().__init__(os.O_RDONLY)
        self._server = server
        self._file = path.open("rb")

    def read(self, offset: int, length: int) -> bytes | int:
        limit = self._server.cut_after
        if limit is not None and self._server.served >= limit:
            self._server.cut()
        data = os.pread(self._file.fileno(), length, offset)
        self._server.served += len(data)
        return data or SFTP_EOF

    def stat(self) -> paramiko.SFTPAttributes | int:
        return paramiko.SFTPAttributes.from_stat(os.fstat(self._file.fileno()))

    def close(self) -> None:
        self._file.close()


class _Folder(paramiko.SFTPServerInterface):
    """An account's folder, which nothing leads out of."""

    def __init__(self, server: paramiko.ServerInterface, *args: object, **kwargs: object) -> None:
        super().__init__(server)
        assert isinstance(server, _Account)
        self._server = server.server
        self._home = server.server.home(server.user).resolve()

    def _at(self, path: str) -> Path:
        """Where a path of theirs is; links are shown and moved, not followed."""
        found = Path(os.path.normpath(f"/{path}")).relative_to("/")
        return self._home / found

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            return [
                paramiko.SFTPAttributes.from_stat(item.lstat(), item.name) for item in sorted(self._at(path).iterdir())
            ]
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self.lstat(path)

    def lstat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(self._at(path).lstat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            return SFTP_PERMISSION_DENIED
        at = self._at(path)
        try:
            return _File(self._server, at) if not at.is_symlink() else SFTP_PERMISSION_DENIED
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    def mkdir(self, path: str, attr: paramiko.SFTPAttributes) -> int:
        try:
            self._at(path).mkdir()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new = self._at(oldpath), self._at(newpath)
        if new.exists():
            return SFTP_FAILURE
        try:
            old.rename(new)
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return SFTP_OK


SERVER = web.AppKey("sftp", SftpServer)


async def told(request: web.Request) -> web.Response:
    """Where the server is, by which key it is known, and what lies in its folders."""
    server = request.app[SERVER]
    homes = sorted((server.data / "home").glob("*"))
    files = {
        home.name: sorted(str(file.relative_to(home)) for file in home.rglob("*") if file.is_file()) for home in homes
    }
    return web.json_response(
        {"host": server.host, "port": server.port, "host_key": server.public_host_key, "files": files}
    )


async def enter(request: web.Request) -> web.Response:
    """{"user", "public_key"}: lets its holder in."""
    try:
        body = json_object(await request.read())
        request.app[SERVER].add_account(body["user"], body["public_key"])
    except (ValueError, TypeError, LookupError, AttributeError):
        return web.json_response({"error": "send user and public_key"}, status=400)
    return web.Response(status=204)


async def put(request: web.Request) -> web.Response:
    """A file in an account's folder, in one step, as a careful host writes it."""
    user, name = request.match_info["user"], request.match_info["name"]
    if not user.isidentifier() or name.startswith("."):
        return web.json_response({"error": "no such place"}, status=404)
    home = request.app[SERVER].home(user)
    home.mkdir(parents=True, exist_ok=True)
    draft = home / f"{name}.tmp"
    draft.write_bytes(await request.read())
    draft.replace(home / name)
    return web.Response(status=204)


async def renew(request: web.Request) -> web.Response:
    """Another host key from now on."""
    request.app[SERVER].renew_host_key()
    return web.Response(status=204)


def add_routes(app: web.Application, server: SftpServer) -> None:
    app[SERVER] = server
    app.router.add_get("/control/sftp", told)
    app.router.add_post("/control/sftp", enter)
    app.router.add_post("/control/sftp/host-key", renew)
    app.router.add_put(r"/control/sftp/{user}/{name:[\w.-]+}", put)
