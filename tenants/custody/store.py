"""Reads and writes customers' keys: every call is one short transaction in the keys' database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import Error, connections

from tenants.custody.routing import KEYS
from tenants.keys.errors import KeysUnavailable
from tenants.scoping import required_tenant_id, tenant_scope

type Cursor = psycopg.Cursor[Any]

_INSERT = """
INSERT INTO tenants_personkey (tenant_id, person_id, key_version, wrapped)
SELECT %s, u.person_id, %s, u.wrapped FROM unnest(%b::uuid[], %b::bytea[]) AS u (person_id, wrapped)
ON CONFLICT DO NOTHING RETURNING person_id
"""
_READ = """
SELECT person_id, key_version, wrapped, destroyed_at FROM tenants_personkey
WHERE tenant_id = %s AND person_id = ANY (%b::uuid[])
"""
_DESTROY = """
INSERT INTO tenants_personkey (tenant_id, person_id, key_version, wrapped, destroyed_at)
SELECT %s, person_id, 0, NULL, %s FROM unnest(%b::uuid[]) AS u (person_id)
ON CONFLICT (tenant_id, person_id) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at
WHERE tenants_personkey.destroyed_at IS NULL RETURNING person_id
"""
_OUTDATED = """
SELECT person_id, key_version, wrapped, destroyed_at FROM tenants_personkey
WHERE tenant_id = %s AND person_id > %s AND key_version < %s AND wrapped IS NOT NULL
ORDER BY person_id LIMIT %s FOR UPDATE
"""
_REWRAP = """
UPDATE tenants_personkey k SET wrapped = u.wrapped, key_version = %s
FROM unnest(%b::uuid[], %b::bytea[]) AS u (person_id, wrapped)
WHERE k.tenant_id = %s AND k.person_id = u.person_id
"""
_COUNT = """
SELECT key_version, count(*) FROM tenants_personkey WHERE tenant_id = %s AND wrapped IS NOT NULL
GROUP BY key_version ORDER BY key_version
"""
_ALIVE = """
SELECT person_id FROM tenants_personkey
WHERE tenant_id = %s AND person_id = ANY (%b::uuid[]) AND wrapped IS NOT NULL ORDER BY person_id
"""
BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Kept:
    """A key as it is kept: wrapped, or destroyed."""

    person: bytes
    key_version: int
    wrapped: bytes | None
    destroyed_at: datetime | None


def read_keys(persons: Sequence[bytes]) -> list[Kept]:
    """The keys of these persons that are there, destroyed ones included. Raises KeysUnavailable."""
    with _cursor() as (cursor, tenant_id):
        return _kept(cursor.execute(_READ, [tenant_id, _uuids(persons)]))


def add_keys(wrapped: dict[bytes, bytes], *, key_version: int) -> set[bytes]:
    """Keep new keys; a person who has one keeps that. Returns whose are now kept. Raises KeysUnavailable."""
    with _cursor() as (cursor, tenant_id):
        values = [tenant_id, key_version, _uuids(list(wrapped)), list(wrapped.values())]
        return {row[0].bytes for row in cursor.execute(_INSERT, values)}


def destroy_keys(persons: Sequence[UUID], *, at: datetime) -> set[UUID]:
    """Destroy persons' keys for good; returns whose were not destroyed already. Raises KeysUnavailable."""
    with _cursor() as (cursor, tenant_id):
        return {row[0] for row in cursor.execute(_DESTROY, [tenant_id, at, list(persons)])}


def rewrap_keys(
    rewrap: Callable[[Kept], bytes | None], *, key_version: int, after: UUID, limit: int
) -> tuple[int, UUID | None]:
    """Wrap the next keys of older versions anew. Returns how many, and after whom to go on; None at the end.

    A key for which ``rewrap`` gives None is left as it is.
    """
    with _cursor() as (cursor, tenant_id):
        found = _kept(cursor.execute(_OUTDATED, [tenant_id, after, key_version, limit]))
        new = {kept.person: wrapped for kept in found if (wrapped := rewrap(kept)) is not None}
        cursor.execute(_REWRAP, [key_version, _uuids(list(new)), list(new.values()), tenant_id])
    return len(new), UUID(bytes=found[-1].person) if len(found) == limit else None


def count_keys() -> dict[int, int]:
    """How many keys of living persons each version of the tenant's key wraps. Raises KeysUnavailable."""
    with _cursor() as (cursor, tenant_id):
        return dict(cursor.execute(_COUNT, [tenant_id]).fetchall())


def alive_among(persons: Sequence[UUID]) -> list[UUID]:
    """Which of these persons still have a key. Raises KeysUnavailable."""
    with _cursor() as (cursor, tenant_id):
        return [row[0] for row in cursor.execute(_ALIVE, [tenant_id, list(persons)])]


@contextmanager
def _cursor() -> Iterator[tuple[Cursor, int]]:
    """A cursor that sends values beside the statement, in a transaction of the tenant in scope."""
    tenant_id = required_tenant_id()
    connection = connections[KEYS]
    try:
        with (
            tenant_scope(tenant_id, using=KEYS),
            connection.wrap_database_errors,
            psycopg.Cursor(connection.connection) as cursor,
        ):
            yield cursor, tenant_id
    except Error as error:
        raise KeysUnavailable("The keys' database does not answer.") from error


def _kept(rows: Cursor) -> list[Kept]:
    return [
        Kept(person.bytes, version, wrapped and bytes(wrapped), destroyed)
        for person, version, wrapped, destroyed in rows
    ]


def _uuids(persons: Sequence[bytes]) -> list[UUID]:
    return [UUID(bytes=person) for person in persons]
