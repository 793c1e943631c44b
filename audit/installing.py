"""Puts the trail's triggers on every table, keeps their functions up to date.

`migrate` installs after each migration, so a new table or column is watched without anybody remembering.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.triggers import (
    CONFIGURATION,
    EXCLUDED,
    OWNER,
    PREFIX,
    TRIGGERS,
    Table,
    function_body,
    function_statements,
    trigger_statements,
)

# Tables of the schema with their columns and key; those of the trail itself are left out by their owner.
_TABLES = """
    SELECT c.relname,
           (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = c.oid AND i.indisprimary),
           array_agg(a.attname ORDER BY a.attname COLLATE "C"),
           array_agg(coalesce(base.typname, t.typname) ORDER BY a.attname COLLATE "C")
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type base ON base.oid = t.typbasetype
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relowner <> (SELECT oid FROM pg_roles WHERE rolname = %s)
    GROUP BY c.oid, c.relname ORDER BY c.relname"""

_FUNCTIONS = """
    SELECT p.proname, p.prosrc, p.prosecdef, coalesce(p.proconfig, '{}'), r.rolname
    FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
    WHERE p.pronamespace = 'public'::regnamespace AND starts_with(p.proname, %s)"""

_TRIGGERS = """
    SELECT c.relname, g.tgname, g.tgenabled::text, g.tgtype, g.tgqual IS NULL,
           p.proname, p.pronamespace = 'public'::regnamespace
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT g.tgisinternal AND starts_with(g.tgname, 'trail_')"""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is: tables to be watched, functions by name, triggers by (table, name)."""

    tables: list[Table]
    functions: dict[str, tuple[Any, ...]]
    triggers: dict[tuple[str, str], tuple[Any, ...]]

    def is_current(self, table: Table) -> bool:
        """Whether the function of ``table`` is exactly the one that its columns make."""
        settings = [f"{name}={value or '""'}" for name, value in CONFIGURATION.items()]
        wanted = (function_body(table), True, settings, OWNER)
        return self.functions.get(table.function) == wanted

    def is_watched(self, table: Table) -> bool:
        """Whether all three triggers are there, enabled, unconditional and call that function."""
        return all(
            self.triggers.get((table.name, trigger.name)) == ("A", trigger.code, True, table.function, True)
            for trigger in TRIGGERS
        )


def install_triggers(connection: BaseDatabaseWrapper) -> list[str]:
    """Bring functions and triggers up to date; needs the role that owns the tables.

    Returns the tables that were touched. Before the trail has its owner nothing is done.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if not _has_trail(cursor):
            return []
        catalogue = read_catalogue(cursor)
        bare = [table for table in catalogue.tables if not catalogue.is_watched(table)]
        stale = [table for table in catalogue.tables if not catalogue.is_current(table)]
        cursor.execute("SELECT quote_ident(current_user)")
        (me,) = cursor.fetchone()
        with _role(cursor):
            for table in stale:
                _execute(cursor, function_statements(table))
            _execute(cursor, (f"GRANT EXECUTE ON FUNCTION {table.call} TO {me}" for table in bare))
        for table in bare:
            _execute(cursor, trigger_statements(table))
        with _role(cursor):
            _execute(cursor, (f"REVOKE EXECUTE ON FUNCTION {table.call} FROM {me}" for table in bare))
        return sorted({table.name for table in (*stale, *bare)})


def read_catalogue(cursor: Any) -> Catalogue:
    """Tables, functions and triggers as they are."""
    labels = {model._meta.db_table: model._meta.label_lower for model in apps.get_models(include_auto_created=True)}
    cursor.execute(_TABLES, [OWNER])
    tables = [
        Table(name, labels.get(name, name)[:60], key or columns[0], tuple(zip(columns, types, strict=True)))
        for name, key, columns, types in cursor.fetchall()
        if name not in EXCLUDED
    ]
    cursor.execute(_FUNCTIONS, [PREFIX])
    functions = {row[0]: row[1:] for row in cursor.fetchall()}
    cursor.execute(_TRIGGERS)
    triggers = {(row[0], row[1]): row[2:] for row in cursor.fetchall()}
    return Catalogue(tables, functions, triggers)


def _has_trail(cursor: Any) -> bool:
    cursor.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'audit_auditevent'"
        " AND tableowner = %s",
        [OWNER],
    )
    return bool(cursor.fetchone()[0])


@contextmanager
def _role(cursor: Any) -> Iterator[None]:
    """As the owner of the trail, which the migrating role may become but is not."""
    cursor.execute(f"SET LOCAL ROLE {OWNER}")
    yield
    cursor.execute("RESET ROLE")


def _execute(cursor: Any, statements: Iterable[str]) -> None:
    for statement in statements:
        cursor.execute(statement)
