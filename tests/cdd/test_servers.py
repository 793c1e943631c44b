"""The embedded servers: private, on unix sockets only, without rights, able to start again after a kill."""

import os
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from cdd.servers import EmbeddedServers, ServersError, bootstrap
from cdd.servers.places import Account, home_of, private_directory


@pytest.fixture(scope="module")
def open_place() -> Iterator[Path]:
    """Every account can enter it; its name has what shells and configuration files trip over."""
    place = Path(tempfile.mkdtemp(prefix="keizoku it's "))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def servers(open_place: Path) -> Iterator[EmbeddedServers]:
    servers = EmbeddedServers(open_place / "shared", durable=False)
    servers.start()
    yield servers
    servers.remove()


@pytest.fixture
def base(open_place: Path) -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(dir=open_place))
    base.chmod(0o711)
    yield base
    if (base / "postgres" / "data" / "postmaster.pid").exists():
        leftover = EmbeddedServers(base, durable=False)
        leftover.start()
        leftover.remove()
    shutil.rmtree(base, ignore_errors=True)


def owner_id(path: Path) -> int:
    return path.stat().st_uid


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def postmaster_of(base: Path) -> int:
    return int((base / "postgres" / "data" / "postmaster.pid").read_text().split("\n")[0])


def valkey_of(servers: EmbeddedServers) -> int:
    with redis.Redis.from_url(servers.environment()["REDIS_URL"]) as client:
        return int(client.info("server")["process_id"])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while is_alive(pid):
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """A process that ended and only waits for the system to forget it is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def listening_tcp_sockets(pid: int) -> set[str]:
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
        listening |= {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    return listening & {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir() if entry.is_symlink()}


def test_both_servers_answer_with_the_addresses_they_give(servers: EmbeddedServers) -> None:
    environment = servers.environment()
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == (
            "keizoku_app",
            "keizoku",
        )
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("1min",)
        assert connection.execute("SHOW lock_timeout").fetchone() == ("5s",)
    with redis.Redis.from_url(environment["REDIS_URL"]) as client:
        assert client.ping()
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert environment["EMBEDDED"] == "1"


def test_nothing_listens_on_the_network(servers: EmbeddedServers, open_place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert listening_tcp_sockets(os.getpid()), "the probe itself must be able to see a listening socket"
    assert not listening_tcp_sockets(postmaster_of(open_place / "shared"))
    assert not listening_tcp_sockets(valkey_of(servers))


def test_the_servers_run_without_rights(servers: EmbeddedServers, open_place: Path) -> None:
    for pid in (postmaster_of(open_place / "shared"), valkey_of(servers)):
        uid = owner_id(Path(f"/proc/{pid}"))
        assert uid != 0
        assert uid == Account.for_servers().uid


def test_data_and_passwords_are_private(servers: EmbeddedServers, open_place: Path) -> None:
    base = open_place / "shared"
    for name in ("postgres", "postgres/data", "valkey", "run", "secrets"):
        assert mode(base / name) == 0o700, name
    assert {mode(file) for file in (base / "secrets").iterdir()} == {0o600}
    assert {owner_id(file) for file in (base / "secrets").iterdir()} == {os.geteuid()}
    assert not (base / "postgres" / "password").exists()


def test_a_wrong_password_is_refused_for_every_role(servers: EmbeddedServers) -> None:
    environment = servers.environment()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "SUPERUSER_URL"):
        psycopg.connect(environment[name]).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(environment[name], password="guess")


def test_no_role_of_ours_can_step_around_row_level_security(servers: EmbeddedServers) -> None:
    with psycopg.connect(servers.superuser_dsn) as connection:
        rows = connection.execute(
            "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication,"
            " rolcanlogin FROM pg_roles WHERE rolname LIKE 'keizoku%' OR rolname = 'postgres' ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("keizoku_app", False, True),
        ("keizoku_audit", False, False),
        ("keizoku_lookup", False, False),
        ("keizoku_owner", False, True),
        ("keizoku_sealer", False, True),
        ("postgres", True, True),
    ]


def test_the_application_gets_nothing_that_was_not_granted(servers: EmbeddedServers) -> None:
    environment = servers.environment()
    with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE something (value text)")
        owner.execute("CREATE FUNCTION of_something() RETURNS int LANGUAGE sql RETURN 1")
    refused = [
        "SELECT * FROM something",
        "SELECT of_something()",
        "CREATE TABLE mine (value text)",
        "SET ROLE keizoku_owner",
        "SET ROLE keizoku_audit",
    ]
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as application:
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(statement.encode())
        with psycopg.connect(environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute("GRANT SELECT ON something TO keizoku_app")
        assert application.execute("SELECT * FROM something").fetchall() == []


def test_the_owner_hands_functions_to_the_roles_nobody_signs_in_as(servers: EmbeddedServers) -> None:
    with psycopg.connect(servers.environment()["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE FUNCTION found() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1")
        owner.execute("ALTER FUNCTION found() OWNER TO keizoku_lookup")
        owner.execute("SET ROLE keizoku_audit")
        owner.execute("CREATE FUNCTION kept() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1")
        rows = owner.execute(
            "SELECT proname, proowner::regrole::text FROM pg_proc WHERE proname IN ('found', 'kept') ORDER BY 1"
        )
        assert rows.fetchall() == [("found", "keizoku_lookup"), ("kept", "keizoku_audit")]


def test_bootstrap_repeats_and_makes_other_databases(servers: EmbeddedServers) -> None:
    for _ in range(2):
        bootstrap(servers.superuser_dsn, "another one")
    with psycopg.connect(servers.environment("another one")["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("another one",)


def test_values_of_failed_statements_stay_out_of_the_log(servers: EmbeddedServers, open_place: Path) -> None:
    with psycopg.connect(servers.environment()["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE people (name text UNIQUE)")
        owner.execute("INSERT INTO people VALUES (%s)", ["朝凪 花子"])
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute("INSERT INTO people VALUES (%s)", ["朝凪 花子"])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            owner.execute("SELECT '朝凪 花子'::int")
    log = (open_place / "shared" / "postgres" / "log").read_text()
    assert "ready to accept connections" in log
    assert "朝凪" not in log


def test_the_last_command_to_leave_stops_the_servers(base: Path) -> None:
    first, second = EmbeddedServers(base, durable=False), EmbeddedServers(base, durable=False)
    with first:
        pid = postmaster_of(base)
        with second:
            assert postmaster_of(base) == pid
            first.stop()
            psycopg.connect(second.superuser_dsn).close()
            second.remove()
            assert not base.exists()
    deadline = time.monotonic() + 5
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(second.superuser_dsn)


def test_killed_servers_start_again_and_keep_their_data(base: Path) -> None:
    with EmbeddedServers(base) as servers:
        with psycopg.connect(servers.environment()["DATABASE_OWNER_URL"]) as owner:
            owner.execute("CREATE TABLE kept AS SELECT 1 AS value")
        with redis.Redis.from_url(servers.environment()["REDIS_URL"]) as client:
            client.set("kept", "1")
            client.execute_command("WAITAOF", 1, 0, 5000)
        kill(valkey_of(servers))
        kill(postmaster_of(base))
    with EmbeddedServers(base) as servers:
        with psycopg.connect(servers.environment()["DATABASE_OWNER_URL"]) as owner:
            assert owner.execute("SELECT value FROM kept").fetchone() == (1,)
        with redis.Redis.from_url(servers.environment()["REDIS_URL"]) as client:
            assert client.get("kept") == b"1"


def test_a_dead_servers_number_taken_by_another_process_does_not_block_the_start(base: Path) -> None:
    with EmbeddedServers(base, durable=False) as servers:
        pid_file = base / "postgres" / "data" / "postmaster.pid"
        text = pid_file.read_text()
        bystander = valkey_of(servers)
        kill(postmaster_of(base))
        pid_file.write_text(text.replace(text.split("\n")[0], str(bystander), 1))
        with EmbeddedServers(base, durable=False) as again:
            psycopg.connect(again.superuser_dsn).close()


def test_an_interrupted_first_start_leaves_nothing_in_the_way(base: Path) -> None:
    account = Account.for_servers()
    half_made = private_directory(base / "postgres", account) / "data.new"
    private_directory(half_made, account)
    (half_made / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(base, durable=False) as servers:
        psycopg.connect(servers.superuser_dsn).close()
    assert not half_made.exists()


def test_data_of_another_major_version_is_refused_with_a_sentence(base: Path) -> None:
    version = base / "postgres" / "data" / "PG_VERSION"
    with EmbeddedServers(base, durable=False):
        ours = version.read_text()
    version.write_text("15\n")
    with pytest.raises(ServersError, match=r"written by PostgreSQL 15; this is PostgreSQL \d\d.*pg_dump"):
        EmbeddedServers(base, durable=False).start()
    version.write_text(ours)
    with EmbeddedServers(base, durable=False) as servers:
        psycopg.connect(servers.superuser_dsn).close()


def test_a_path_too_long_for_a_socket_works(base: Path) -> None:
    deep = base / ("long" * 30)
    servers = EmbeddedServers(deep, durable=False)
    with servers:
        psycopg.connect(servers.superuser_dsn).close()
    servers.remove()


def test_a_strangers_socket_directory_is_refused(base: Path) -> None:
    account = Account.for_servers()
    elsewhere = base / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (base / "link").symlink_to(elsewhere)
    with pytest.raises(ServersError, match="not a private directory"):
        private_directory(base / "link", account)
    (base / "open").mkdir()
    (base / "open").chmod(0o777)
    with pytest.raises(ServersError, match="not a private directory"):
        private_directory(base / "open", account)


def test_a_closed_directory_stays_closed(tmp_path: Path) -> None:
    """Root's home is closed to the servers' account: their data goes elsewhere and it stays closed."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    servers = EmbeddedServers(closed / "servers", durable=False)
    with servers:
        psycopg.connect(servers.superuser_dsn).close()
        assert mode(closed) == 0o700
        home = home_of(closed / "servers", Account.for_servers())
        assert home.is_relative_to(closed) is (os.geteuid() != 0)
    servers.remove()
    assert not home.exists()
