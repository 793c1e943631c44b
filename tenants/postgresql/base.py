"""Binds each outermost transaction to the tenant in scope, for row-level security to read.

`set_config(…, is_local => true)` ends with the transaction, so it is safe behind a pooler in
transaction mode; a session-level setting is not. Overrides two internal methods of Django's wrapper:
tests/tenants/test_backend.py guards them at every upgrade.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from tenants.scoping import TenantScopeError, current_tenant_id


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, one transaction = one tenant."""

    tenant_applied: int | None = None

    def apply_tenant(self, tenant_id: int) -> None:
        """Make the open transaction ``tenant_id``'s.

        Raises:
            TenantScopeError: it is another tenant's already.
        """
        if self.tenant_applied == tenant_id:
            return
        if self.tenant_applied is not None:
            raise TenantScopeError(f"This transaction belongs to tenant {self.tenant_applied}, not {tenant_id}.")
        with self.cursor() as cursor:
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        self.tenant_applied = tenant_id

    def set_autocommit(self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False) -> None:
        """Begin or end the outermost transaction; a beginning one takes the scope's tenant."""
        super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
        self.tenant_applied = None
        tenant_id = current_tenant_id()
        if not autocommit and tenant_id is not None:
            self.apply_tenant(tenant_id)

    def savepoint_rollback(self, sid: str) -> None:
        """Roll back to a savepoint, which also takes back a setting made after it."""
        super().savepoint_rollback(sid)
        was = self.tenant_applied
        self.tenant_applied = None
        if was is not None and not self.needs_rollback:
            self.apply_tenant(was)

    def close(self) -> Any:
        """Close the connection; the next one belongs to nobody."""
        self.tenant_applied = None
        return super().close()
