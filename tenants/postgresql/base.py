"""Binds each outermost transaction to the tenant in scope and to whoever acts, for the database to read.

Row-level security reads the tenant, the trail's triggers read the actor; both are told in one round trip.
`set_config(…, is_local => true)` ends with the transaction, so it is safe behind a pooler in
transaction mode; a session-level setting is not. Overrides two internal methods of Django's wrapper:
tests/tenants/test_backend.py guards them at every upgrade.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from audit.acting import Acting, current_acting
from tenants.scoping import TenantScopeError, current_tenant_id

_TELL = (
    "SELECT set_config('app.tenant_id', %s, true), set_config('app.actor_kind', %s, true),"
    " set_config('app.actor_id', %s, true), set_config('app.request_id', %s, true)"
)


_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "WITH")


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, one transaction = one tenant."""

    tenant_applied: int | None = None
    acting_applied: Acting | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(_write_in_a_transaction)

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
        if (
            self.in_atomic_block
            and self.connection is not None
            and self.connection.info.transaction_status == TransactionStatus.INTRANS
            and current_acting() != self.acting_applied
        ):
            self._tell(self.tenant_applied)

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        """Begin or end the outermost transaction; a beginning one takes the scope's tenant and actor."""
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        self._forget()
        tenant_id = current_tenant_id()
        if not autocommit and (tenant_id is not None or current_acting() is not None):
            self._tell(tenant_id)

    def savepoint_rollback(self, sid: str) -> None:
        """Roll back to a savepoint, which also takes back a setting made after it."""
        super().savepoint_rollback(sid)
        was = self.tenant_applied
        self._forget()
        if not self.needs_rollback and (was is not None or current_acting() is not None):
            self._tell(was)

    def close(self) -> Any:
        """Close the connection; the next one belongs to nobody."""
        self._forget()
        return super().close()

    def _tell(self, tenant_id: int | None) -> None:
        acting = current_acting()
        values = (acting.actor.kind, acting.actor.id, acting.request_id) if acting else ("", "", "")
        with self.cursor() as cursor:
            cursor.execute(_TELL, ["" if tenant_id is None else str(tenant_id), *values])
        self.tenant_applied, self.acting_applied = tenant_id, acting

    def _forget(self) -> None:
        self.tenant_applied = self.acting_applied = None


def _write_in_a_transaction(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """A write outside any transaction gets one of its own, so that the database is told who acts."""
    connection = context["connection"]
    is_write = isinstance(sql, str) and sql.lstrip().startswith(_WRITES)
    if not is_write or current_acting() is None or not connection.get_autocommit():
        return execute(sql, params, many, context)
    with transaction.atomic(using=connection.alias):
        return execute(sql, params, many, context)
