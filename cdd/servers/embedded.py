"""Starts the embedded servers when the first command needs them and stops them when the last one ends."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from cdd.servers.bootstrapping import bootstrap, set_passwords
from cdd.servers.places import Account, ServersError, home_of, make_directory, secret, socket_directory
from cdd.servers.postgres import PORT, SUPERUSER, Postgres
from cdd.servers.valkey import Valkey

DATABASE = "keizoku"
LOGIN_ROLES = ("keizoku_owner", "keizoku_app")
CHECKOUT = Path(__file__).resolve().parent.parent.parent


def default_base() -> Path:
    """`servers` under DATA_DIR, which is `.data` in the checkout unless the environment says otherwise."""
    return Path(os.environ.get("DATA_DIR") or CHECKOUT / ".data").absolute() / "servers"


class EmbeddedServers:
    """PostgreSQL and Valkey under one directory, shared by every process that starts them there.

    `durable=False` gives up crash safety for speed: the test suite. A killed command leaves the servers
    running; the next one on the same directory takes them over and stops them. Raises ServersError.
    """

    def __init__(self, base: Path, *, durable: bool = True) -> None:
        self._base = base
        self._durable = durable
        self._usage: IO[bytes] | None = None
        self._home: Path | None = None
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None

    def start(self) -> None:
        """Returns when both servers answer and the database with its roles exists; twice does nothing."""
        if self._usage is not None:
            return
        account = Account.for_servers()
        self._home = home = home_of(self._base, account)
        make_directory(home / "locks", mode=0o700)
        with self._turn():
            sockets = socket_directory(home, account)
            password = secret(home, SUPERUSER)
            self._postgres = Postgres(home, sockets, account, password, durable=self._durable)
            self._valkey = Valkey(home, sockets, account, durable=self._durable)
            usage = (home / "locks" / "usage").open("ab")
            try:
                fcntl.flock(usage, fcntl.LOCK_SH)
                if not self._valkey.is_running():
                    self._valkey.start()
                if not self._postgres.is_running():
                    self._postgres.start()
                    bootstrap(self.superuser_dsn, DATABASE)
                    set_passwords(self.superuser_dsn, {role: secret(home, role) for role in LOGIN_ROLES})
            except BaseException:
                self._leave(usage)
                raise
            self._usage = usage

    def stop(self) -> None:
        """Stops the servers unless another process still uses them."""
        if self._usage is None:
            return
        usage, self._usage = self._usage, None
        with self._turn():
            self._leave(usage)

    def remove(self) -> None:
        """Stop, and delete the data of throw-away servers; not while somebody else still uses them."""
        self.stop()
        if self._home is None:
            return
        with self._turn(), (self._home / "locks" / "usage").open("ab") as usage:
            try:
                fcntl.flock(usage, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if self._postgres is not None:
                shutil.rmtree(self._postgres.sockets, ignore_errors=True)
            shutil.rmtree(self._home)

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """The variables the project reads, for one database of the cluster."""
        return {
            "DATABASE_URL": self._url("keizoku_app", database),
            "DATABASE_OWNER_URL": self._url("keizoku_owner", database),
            "SUPERUSER_URL": self._url(SUPERUSER, database),
            "REDIS_URL": f"unix://{quote(str(self._started()[1].socket))}?db=0",
            "EMBEDDED": "1",
        }

    @property
    def superuser_dsn(self) -> str:
        """Of the maintenance database; for bootstrap() and for tests' positive controls."""
        return self._url(SUPERUSER, "postgres")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _url(self, role: str, database: str) -> str:
        postgres, _ = self._started()
        password, name, host = (
            quote(part, safe="") for part in (secret(self._place(), role), database, str(postgres.sockets))
        )
        return f"postgresql://{role}:{password}@/{name}?host={host}&port={PORT}"

    def _place(self) -> Path:
        if self._home is None:
            raise ServersError("The embedded servers have not been started.")
        return self._home

    def _started(self) -> tuple[Postgres, Valkey]:
        if self._postgres is None or self._valkey is None:
            raise ServersError("The embedded servers have not been started.")
        return self._postgres, self._valkey

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Starting and stopping happen one process at a time; the others wait here."""
        with (self._place() / "locks" / "turn").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _leave(self, usage: IO[bytes]) -> None:
        """Within our turn: give up our share, and stop the servers if nobody else holds one."""
        with usage:
            try:
                fcntl.flock(usage, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if self._postgres is not None:
                self._postgres.stop()
            if self._valkey is not None:
                self._valkey.stop()
