"""Starts the embedded servers when the first command needs them and stops them when the last one ends."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from cdd.servers.bootstrapping import bootstrap, set_passwords
from cdd.servers.places import Account, home_of, make_directory, secret, socket_directory
from cdd.servers.postgres import PORT, SUPERUSER, Postgres
from cdd.servers.valkey import Valkey

DATABASE = "keizoku"
LOGIN_ROLES = ("keizoku_owner", "keizoku_app", "keizoku_sealer")
# Customers' keys live apart. Here they share the server, which in production they do not.
KEYS = "_keys"
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
        self._servers: tuple[Postgres, Valkey] | None = None

    def start(self) -> None:
        """Returns when both servers answer and the database with its roles exists; twice does nothing."""
        if self._usage is not None:
            return
        with self._turn():
            postgres, valkey = self._find()
            usage = self._usage_file()
            try:
                fcntl.flock(usage, fcntl.LOCK_SH)
                if not valkey.is_running():
                    valkey.start()
                if not postgres.is_running():
                    postgres.start()
                # Also when they ran already: whoever started them may have been killed before this.
                for database in (DATABASE, DATABASE + KEYS):
                    bootstrap(self.superuser_dsn, database)
                set_passwords(self.superuser_dsn, {role: self._secret(role) for role in LOGIN_ROLES})
            except BaseException:
                self._leave(usage)
                raise
            self._usage = usage

    def kill_postgres(self) -> None:
        """As a power cut would: nothing is finished, nothing is said to anybody. For trials of faults."""
        self._find()[0].kill()

    def kill_valkey(self) -> None:
        """The same for Valkey."""
        self._find()[1].kill()

    def back_up(self) -> None:
        """Keep the database as it is now, as a bank's backup would. For trials of faults."""
        self._find()[0].dump(DATABASE)

    def put_back(self) -> None:
        """Restore it to that moment; every connection ends. The keys' database stays as it is."""
        self._find()[0].restore(DATABASE)

    def revive(self) -> None:
        """Start again what was killed; what runs is left alone."""
        with self._turn():
            for server in self._find():
                if not server.is_running():
                    server.start()

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
        if not self._base.exists():
            return
        with self._turn():
            postgres, _ = self._find()
            if self._leave(self._usage_file()):
                shutil.rmtree(postgres.sockets)
                shutil.rmtree(self._home)
                self._servers = None
                del self._home

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """The variables the project reads, for one database of the cluster and its companion for the keys."""
        return {
            "DATABASE_URL": self._url("keizoku_app", database),
            "DATABASE_OWNER_URL": self._url("keizoku_owner", database),
            "DATABASE_SEALER_URL": self._url("keizoku_sealer", database),
            "KEYS_DATABASE_URL": self._url("keizoku_app", database + KEYS),
            "KEYS_DATABASE_OWNER_URL": self._url("keizoku_owner", database + KEYS),
            "SUPERUSER_URL": self._url(SUPERUSER, database),
            "REDIS_URL": f"unix://{quote(str(self._find()[1].socket))}?db=0",
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
        parts = self._secret(role), database, str(self._find()[0].sockets)
        password, name, host = (quote(part, safe="") for part in parts)
        return f"postgresql://{role}:{password}@/{name}?host={host}&port={PORT}"

    def _secret(self, role: str) -> str:
        return secret(self._home, role)

    @cached_property
    def _account(self) -> Account:
        return Account.for_servers()

    @cached_property
    def _home(self) -> Path:
        home = home_of(self._base, self._account)
        make_directory(home / "locks", mode=0o700)
        return home

    def _find(self) -> tuple[Postgres, Valkey]:
        if self._servers is None:
            home, account = self._home, self._account
            sockets = socket_directory(home, account)
            postgres = Postgres(home, sockets, account, self._secret(SUPERUSER), durable=self._durable)
            self._servers = postgres, Valkey(home, sockets, account, durable=self._durable)
        return self._servers

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Starting and stopping happen one process at a time; the others wait here."""
        with (self._home / "locks" / "turn").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _usage_file(self) -> IO[bytes]:
        return (self._home / "locks" / "usage").open("ab")

    def _leave(self, usage: IO[bytes]) -> bool:
        """Within our turn: give up our share, and stop the servers if nobody else holds one; whether we did."""
        with usage:
            try:
                fcntl.flock(usage, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            for server in self._find():
                server.stop()
        return True
