"""Where benchmarks run: servers and a bank of their own, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from audit.services import Actor
from cdd.benchmarks.workers import apart
from cdd.servers import EmbeddedServers
from cdd.settings import database
from tenants.keys import forget_keys, key_encryption_key
from tenants.models import Tenant
from tenants.services import create_tenant

ALIASES = {
    "default": "DATABASE_URL",
    "owner": "DATABASE_OWNER_URL",
    "sealer": "DATABASE_SEALER_URL",
    "keys": "KEYS_DATABASE_URL",
    "keys_owner": "KEYS_DATABASE_OWNER_URL",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A migrated database that is thrown away, a bank in it, and a directory for files."""

    tenant: Tenant
    superuser: str
    place: Path
    servers: EmbeddedServers

    @property
    def environment(self) -> dict[str, str]:
        """What other processes of ours need to work on this ground."""
        offered = self.servers.environment()
        for name in ("DATABASE_OWNER_URL", "KEYS_DATABASE_OWNER_URL", "DATABASE_SEALER_URL", "SUPERUSER_URL"):
            del offered[name]
        return {
            **os.environ,
            **offered,
            "KEIZOKU_ENV": "test",
            "KEK": settings.KEK,
            "DATA_DIR": str(self.place),
            "TMPDIR": str(self.place),  # what a process leaves that is killed goes with the ground
            "DJANGO_SETTINGS_MODULE": "cdd.settings",
            "PYTHONPATH": str(settings.BASE_DIR),
        }

    def tidy(self, table: str) -> None:
        """As autovacuum would, but before anything is measured."""
        with psycopg.connect(self.superuser, autocommit=True) as superuser:
            superuser.execute(f"VACUUM ANALYZE {table}".encode())


@contextmanager
def throwaway(now: datetime) -> Iterator[Ground]:
    """Servers as the product runs them (with fsync), on this machine; Django's connections point at them meanwhile."""
    place = Path(tempfile.mkdtemp(prefix="keizoku-bench-"))
    place.chmod(0o711)
    servers = EmbeddedServers(place / "servers")
    was = {alias: dict(connections.databases[alias]) for alias in ALIASES}
    kek, valkey = settings.KEK, settings.REDIS_URL
    try:
        servers.start()
        environment = servers.environment()
        for alias, variable in ALIASES.items():
            _point(alias, database(environment[variable]))
        settings.REDIS_URL = environment["REDIS_URL"]
        (place / "kek").write_bytes(secrets.token_bytes(32))
        settings.KEK = f"file:{place / 'kek'}"
        key_encryption_key.cache_clear()
        forget_keys()
        apart(lambda: call_command("migrate", verbosity=0))
        bank = create_tenant(slug="bench", name="計測銀行", name_en="Bench Bank", actor=Actor.system("bench"), now=now)
        yield Ground(bank, environment["SUPERUSER_URL"], place, servers)
    finally:
        connections.close_all()
        for alias, parts in was.items():
            _point(alias, parts)
        settings.KEK, settings.REDIS_URL = kek, valkey
        key_encryption_key.cache_clear()
        forget_keys()
        servers.remove()
        shutil.rmtree(place, ignore_errors=True)


def _point(alias: str, parts: dict[str, object]) -> None:
    connections[alias].close()
    connections.databases[alias].update(parts)
    connections[alias].settings_dict.update(parts)
