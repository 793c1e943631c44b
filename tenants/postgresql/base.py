"""Binds each outermost transaction to the tenant in scope and to whoever acts, for the database to read.

Row-level security reads the tenant, the trail's triggers read the actor; both are told with the BEGIN, in its round
trip. `SET LOCAL` ends with the transaction, so it is safe behind a pooler in transaction mode; a session-level
setting is not. Overrides three internal methods of Django's wrapper and one of psycopg's connection:
tests/tenants/test_backend.py guards them at every upgrade. Should psycopg begin otherwise one day, no tenant is told,
and row-level security shows nothing.
"""

from __future__ import annotations

import select
from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

import psycopg
from django.db import transaction
from django.db.backends.postgresql import base
from psycopg import generators
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, Escaping, ExecStatus, TransactionStatus

from audit.acting import Acting, current_acting
from tenants.scoping import TenantScopeError, current_tenant_id

_TOLD = ("app.tenant_id", "app.actor_kind", "app.actor_id", "app.request_id")
_TELL = "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in _TOLD)
_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH")


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, one transaction = one tenant."""

    tenant_applied: int | None = None
    acting_applied: Acting | None = None
    telling = b""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(_write_in_a_transaction)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect to a database whose transactions begin with what they are to know."""
        connection = super().get_new_connection(conn_params)
        connection._start_query = partial(_start_query, self, connection)
        return connection

    def apply_tenant(self, tenant_id: int) -> None:
        """Make the open transaction ``tenant_id``'s.

        Raises:
            TenantScopeError: it is another tenant's already.
        """
        if self.tenant_applied == tenant_id:
            return
        if self.tenant_applied is not None:
            raise TenantScopeError(f"This transaction belongs to tenant {self.tenant_applied}, not {tenant_id}.")
        self._tell(tenant_id)

    def tell_who_acts(self) -> None:
        """Let the open transaction know that somebody else acts now; without one, or in a broken one, nothing."""
        if self.in_atomic_block and self.connection is not None and current_acting() != self.acting_applied:
            self._tell(self.tenant_applied)

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        """Begin or end the outermost transaction; a beginning one takes the scope's tenant and actor."""
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        self._forget()
        if not autocommit:
            self._tell(current_tenant_id())

    def savepoint_rollback(self, sid: str) -> None:
        """Roll back to a savepoint, which also takes back a setting made after it."""
        super().savepoint_rollback(sid)
        was = self.tenant_applied
        self._forget()
        if not self.needs_rollback and (was is not None or current_acting() is not None):
            self._tell(was)

    def is_usable(self) -> bool:
        """Whether the server holds the line: a closed one has something to read. Django asks with a round trip.

        It is asked before each request. A server that went without a word is found out by the query itself, as it
        would be by the one that asks.
        """
        if self.connection is None:
            return False
        wire, line = self.connection.pgconn, select.poll()
        try:
            line.register(wire.socket, select.POLLIN)
            while line.poll(0):  # its last words, and then that it hung up
                wire.consume_input()
        except psycopg.Error:
            return False
        return bool(wire.status == ConnStatus.OK)

    def close(self) -> Any:
        """Close the connection; the next one belongs to nobody."""
        self._forget()
        return super().close()

    def _tell(self, tenant_id: int | None) -> None:
        acting = current_acting()
        values = (acting.actor.kind, acting.actor.id, acting.request_id) if acting else ("", "", "")
        told = ("" if tenant_id is None else str(tenant_id), *values)
        match self.connection.info.transaction_status:
            case TransactionStatus.IDLE:  # psycopg begins with the first statement
                self.telling = self._settings(told) if any(told) else b""
            case TransactionStatus.INTRANS:
                with self.cursor() as cursor:
                    cursor.execute(_TELL, told)
            case _:
                return
        self.tenant_applied, self.acting_applied = tenant_id, acting

    def _settings(self, told: Sequence[str]) -> bytes:
        literal = Escaping(self.connection.pgconn).escape_literal
        return b"".join(
            b"; SET LOCAL %b = %b" % (name.encode(), bytes(literal(value.encode())))
            for name, value in zip(_TOLD, told, strict=True)
        )

    def _forget(self) -> None:
        self.tenant_applied = self.acting_applied = None


def _start_query(wrapper: DatabaseWrapper, connection: Any) -> Generator[Any, Any, None]:
    """As psycopg's, which takes one command to begin with and no settings."""
    if connection.autocommit or connection.pgconn.transaction_status != TransactionStatus.IDLE:
        return
    connection._check_connection_ok()
    connection.pgconn.send_query(connection._get_tx_start_command() + wrapper.telling)
    for result in (yield from generators.execute(connection.pgconn)):
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result, encoding=connection.info.encoding)


def _write_in_a_transaction(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A write outside any transaction gets one of its own, so that the database is told who acts."""
    connection = context["connection"]
    is_write = isinstance(sql, str) and sql.lstrip().startswith(_WRITES)
    if not is_write or current_acting() is None or not connection.get_autocommit() or _is_of_sessions(sql):
        return execute(sql, params, many, context)
    with transaction.atomic(using=connection.alias):
        return execute(sql, params, many, context)


def _is_of_sessions(sql: str) -> bool:
    """Written by many requests, and in no trail (`audit.triggers.EXCLUDED`): nobody need be told."""
    return sql.startswith(('UPDATE "django_session"', 'INSERT INTO "django_session"'))
