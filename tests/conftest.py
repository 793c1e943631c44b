"""What every test may ask for: throw-away servers, a database as the application's role, two banks, people."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from audit.services import Actor
from cdd.benchmarks.ground import ALIASES
from cdd.broker import broker_address
from cdd.celery import app as celery_app
from cdd.servers import EmbeddedServers
from tenants.keys import forget_keys, holding, key_encryption_key
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context
from tenants.services import add_member, create_tenant

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # Tuesday noon in Tokyo
SYSTEM = Actor.system("tests")


# How long an example takes says how busy the machine is; the first of a process reads Unicode's tables as well.
hypothesis_settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("suite")

# `bin/test -k "trust or tenancy or audit or security"`: groups by folder, whatever the tests are called.
GROUPS = {
    "tenancy": ("tenants",),
    "audit": ("audit",),
    "security": ("security", "uploads"),
    "trust": ("tenants", "audit", "security", "uploads", "retention", "operators", "sign_in"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the groups of its folder, and begin with what takes long.

    The order decides how long the last process works alone: `bin/test` hands out files in this order.
    """
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        for group, folders in GROUPS.items():
            if folder in folders:
                item.add_marker(getattr(pytest.mark, group))
    long = {item.path for item in items for name in ("browser", "slow") if item.get_closest_marker(name)}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session", autouse=True)
def keys_are_not_looked_at_again() -> Iterator[None]:
    """By this process: a slow machine would do so in the midst of what counts queries."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(holding, "REFRESH", 3_600.0)
        yield


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """A directory of this run that the servers' account can enter."""
    place = Path(tempfile.mkdtemp(prefix="keizoku-test-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(place: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[EmbeddedServers]:
    """PostgreSQL and Valkey, migrated by the owner, with Django's connections pointed at them."""
    from cdd.settings import database

    servers = EmbeddedServers(place / "servers", durable=False)
    servers.start()
    environment = servers.environment()
    kek = place / "kek"
    kek.write_bytes(secrets.token_bytes(32))
    settings.KEK = f"file:{kek}"
    key_encryption_key.cache_clear()
    settings.REDIS_URL = environment["REDIS_URL"]
    # Before the first message: the pool of connections keeps the address it was made with.
    celery_app.conf.update(broker_url=broker_address(settings.REDIS_URL))
    for alias, variable in ALIASES.items():
        connections.databases[alias].update(database(environment[variable]))
        connections.settings[alias].update(database(environment[variable]))
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        connections.close_all()
    yield servers
    with django_db_blocker.unblock():
        connections.close_all()
    servers.remove()


@pytest.fixture(scope="session")
def process_environment(servers: EmbeddedServers, place: Path) -> dict[str, str]:
    """What a process of ours needs in its environment to work on the tests' servers."""
    return {
        **os.environ,
        **servers.environment(),
        "KEIZOKU_ENV": "test",
        "KEK": settings.KEK,
        "DATA_DIR": str(place),
        "TMPDIR": str(place),  # what a process leaves that is killed goes with the run
        "DJANGO_SETTINGS_MODULE": "cdd.settings",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="session")
def superuser(servers: EmbeddedServers) -> Iterator[psycopg.Connection]:
    """Sees every tenant's rows: for positive controls and for cleaning up."""
    with psycopg.connect(servers.environment()["SUPERUSER_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def keys_superuser(servers: EmbeddedServers) -> Iterator[psycopg.Connection]:
    """The same in the keys' database."""
    with psycopg.connect(servers.environment("keizoku_keys")["SUPERUSER_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def db_clean(
    superuser: psycopg.Connection, keys_superuser: psycopg.Connection, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The databases, with real commits as the application's role; emptied afterwards."""
    forget_keys()
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            connections.close_all()
            _empty(superuser)
            keys_superuser.execute("TRUNCATE tenants_personkey")


# Beyond this many rows in one table it is quicker to throw all of them away than to delete. The trail, to which
# nothing points, is thrown away alone, and so much sooner: most tests that do much fill it first.
MANY, MANY_EVENTS = 10_000, 1_000
_KEPT = ("django_migrations", "django_content_type", "auth_permission")
_TRAIL = "audit_auditevent"
_TABLES = """
    SELECT quote_ident(relname) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL (%s) ORDER BY relname"""
_SEQUENCES = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"


def _empty(superuser: psycopg.Connection) -> None:
    """Empties the tables that a test wrote to: truncating all of them each time would be most of the run."""
    tables = [row[0] for row in superuser.execute(_TABLES, [list(_KEPT)]).fetchall()]
    sizes: dict[str, int] = dict(
        superuser.execute(
            " UNION ALL ".join(f"SELECT '{name}', count(*) FROM (SELECT FROM {name} LIMIT {MANY}) x" for name in tables)
        ).fetchall()
    )
    events = sizes.pop(_TRAIL)
    if any(rows >= MANY for rows in sizes.values()):
        superuser.execute("TRUNCATE " + ", ".join(tables) + " RESTART IDENTITY CASCADE")
        return
    with superuser.transaction():
        # No foreign key is checked; the trail's own triggers still write, so the trail goes last.
        superuser.execute("SET LOCAL session_replication_role = replica")
        for name in (name for name, rows in sizes.items() if rows):
            superuser.execute(f"DELETE FROM {name}")
        superuser.execute(f"{'TRUNCATE' if events >= MANY_EVENTS else 'DELETE FROM'} {_TRAIL}")
        superuser.execute(_SEQUENCES)


@pytest.fixture
def now() -> datetime:
    """The moment every test happens at."""
    return NOW


@pytest.fixture
def tenant(db_clean: None) -> Tenant:
    """A bank."""
    return create_tenant(
        slug="asanagi",
        name="あさなぎ銀行",
        name_en="Asanagi Bank",
        phone="0120-000-101",
        phone_hours="平日 9:00〜17:00",
        official_site="https://asanagi.example/",
        actor=SYSTEM,
        now=NOW,
    )


@pytest.fixture
def other_tenant(tenant: Tenant) -> Tenant:
    """Another bank, which must never be seen from the first."""
    return create_tenant(
        slug="komorebi",
        name="こもれび信用金庫",
        name_en="Komorebi Shinkin Bank",
        kind_word="当金庫",
        phone="0120-000-202",
        phone_hours="平日 9:00〜15:00",
        official_site="https://komorebi.example/",
        actor=SYSTEM,
        now=NOW,
    )


@pytest.fixture
def in_tenant(tenant: Tenant) -> Iterator[Tenant]:
    """The first bank's scope, open for the whole test."""
    with tenant_context(tenant.pk):
        yield tenant


type MakeUser = Callable[..., User]
type SignIn = Callable[[User], Client]


@pytest.fixture(scope="session")
def hashed() -> str:
    """The password of every account of these tests; hashing it is costly on purpose, so it is done once."""
    return make_password("correct horse battery")


@pytest.fixture
def make_user(db_clean: None, hashed: str) -> MakeUser:
    """Makes a member of staff: ``make_user(tenant, Role.OFFICER, "officer")``."""

    def make(tenant: Tenant, role: Role, name: str, **fields: Any) -> User:
        with tenant_context(tenant.pk):
            add_member(
                email=f"{name}@{tenant.slug}.example",
                name=name,
                role=role,
                password=None,
                actor=SYSTEM,
                now=NOW,
                **fields,
            )
        user = User.objects.get(email=f"{name}@{tenant.slug}.example")
        user.password = hashed
        user.save(update_fields=["password"])
        return user

    return make


def english(user: User) -> User:
    """They read the pages in the language of the source."""
    user.language = "en"
    user.save(update_fields=["language"])
    return user


@pytest.fixture
def officer(tenant: Tenant, make_user: MakeUser) -> User:
    """Plans and decides at the first bank."""
    return make_user(tenant, Role.OFFICER, "officer")


@pytest.fixture
def approver(tenant: Tenant, make_user: MakeUser) -> User:
    """The second pair of eyes at the first bank."""
    return make_user(tenant, Role.APPROVER, "approver")


@pytest.fixture
def auditor(tenant: Tenant, make_user: MakeUser) -> User:
    """Reads at the first bank."""
    return make_user(tenant, Role.AUDITOR, "auditor")


@pytest.fixture
def administrator(tenant: Tenant, make_user: MakeUser) -> User:
    """Looks after the first bank's members and settings."""
    return make_user(tenant, Role.ADMINISTRATOR, "administrator")


@pytest.fixture
def branch_staff(tenant: Tenant, make_user: MakeUser) -> User:
    """Works at branch 012 of the first bank."""
    return make_user(tenant, Role.BRANCH_STAFF, "branch", branch_code="012")


@pytest.fixture
def contractor(tenant: Tenant, make_user: MakeUser) -> User:
    """Does what the first bank gives out, without seeing whom it is about."""
    return make_user(tenant, Role.CONTRACTOR, "contractor")


@pytest.fixture
def examiner(tenant: Tenant, make_user: MakeUser) -> User:
    """Reads at the first bank, for a fortnight."""
    return make_user(tenant, Role.AUDITOR, "examiner", valid_until=timezone.now() + timedelta(days=14))


@pytest.fixture
def operator(tenant: Tenant, make_user: MakeUser) -> User:
    """Runs the service, let in by the first bank for a week."""
    return make_user(tenant, Role.OPERATOR, "operator", valid_until=timezone.now() + timedelta(days=7))


@pytest.fixture
def other_officer(other_tenant: Tenant, make_user: MakeUser) -> User:
    """Plans and decides at the other bank."""
    return make_user(other_tenant, Role.OFFICER, "officer")


@pytest.fixture
def staff_client(db_clean: None) -> SignIn:
    """A browser that has signed in: ``staff_client(officer)``."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@dataclass(frozen=True)
class Sandbox:
    """The running sandbox: every provider under one address."""

    url: str
    smtp: str
    data: Path
    sftp: str = ""

    @property
    def control(self) -> str:
        """Where tests ask and steer it."""
        return f"{self.url}/control"


@pytest.fixture(scope="session")
def sandbox_process(place: Path) -> Iterator[Sandbox]:
    """One sandbox for the whole run, on free ports."""
    data = place / "sandbox"
    data.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", "--data", str(data)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        ports = _wait_for_ports(data / "ports.json", process)
        http, smtp, sftp = (f"127.0.0.1:{ports[name]}" for name in ("http", "smtp", "sftp"))
        yield Sandbox(f"http://{http}", smtp, data, sftp)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for_ports(file: Path, process: subprocess.Popen[bytes]) -> dict[str, int]:
    for _ in range(200):
        if file.exists():
            ports: dict[str, int] = json.loads(file.read_text())
            return ports
        assert process.poll() is None, "The sandbox ended before it was ready."
        time.sleep(0.05)
    raise AssertionError("The sandbox did not become ready within 10 seconds.")


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The sandbox, emptied of what earlier tests sent."""
    import httpx

    httpx.post(f"{sandbox_process.control}/reset").raise_for_status()
    return sandbox_process
