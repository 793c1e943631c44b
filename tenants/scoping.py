"""The tenant scope: no query on a tenant's rows runs until somebody says whose rows they are.

One transaction belongs to one tenant. The scope is a context variable; the database backend
(`tenants.postgresql`) copies it into the transaction, where row-level security reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context

from django.db import connections, transaction

_current: ContextVar[int | None] = ContextVar("tenant", default=None)
# The only tenant whose scope may be opened, on a host that is its own.
_only: ContextVar[int | None] = ContextVar("only", default=None)
# Of the outermost scope: persons whose keys the rows read in it will want, in the order they were read.
_wanted: ContextVar[dict[bytes, None] | None] = ContextVar("wanted", default=None)
# Of the outermost scope: what was read once and stays the same as long as it lasts.
_remembered: ContextVar[dict[str, object] | None] = ContextVar("remembered", default=None)


class NoTenantScope(RuntimeError):
    """A tenant's rows were asked for outside any tenant scope."""


class TenantScopeError(RuntimeError):
    """A scope or transaction of one tenant was about to be used for another."""


def current_tenant_id() -> int | None:
    """Whose scope is open, if any."""
    return _current.get()


def required_tenant_id() -> int:
    """Whose scope is open.

    Raises:
        NoTenantScope: none is.
    """
    tenant_id = _current.get()
    if tenant_id is None:
        raise NoTenantScope("No tenant scope is open.")
    return tenant_id


def wanted_persons() -> dict[bytes, None] | None:
    """The ids of persons whose sealed values were read in this scope; it ends with the scope. None outside one."""
    return _wanted.get()


def remembered() -> dict[str, object] | None:
    """What was read in this scope and need not be read again in it; it ends with the scope. None outside one."""
    return _remembered.get()


@contextmanager
def tenant_context(tenant_id: int) -> Iterator[None]:
    """Name the tenant of every transaction begun inside; opens none itself.

    For requests and tasks that make several short transactions, with calls to providers between them.

    Raises:
        TenantScopeError: another tenant's scope is open.
    """
    tenant_id = _checked(tenant_id)
    wanted = _wanted.set({}) if _current.get() is None else None
    memory = _remembered.set({}) if _current.get() is None else None
    token = _current.set(tenant_id)
    try:
        yield
    finally:
        _current.reset(token)
        if wanted is not None:
            _wanted.reset(wanted)
        if memory is not None:
            _remembered.reset(memory)


@contextmanager
def confined_to(tenant_id: int) -> Iterator[None]:
    """Let no other tenant's scope be opened inside, whatever a page is asked for."""
    token = _only.set(tenant_id)
    try:
        yield
    finally:
        _only.reset(token)


@contextmanager
def named_tenant(tenant_id: int) -> Iterator[None]:
    """Name a tenant for a query that is only written down here, not run (`tenants.prepared`)."""
    token = _current.set(tenant_id)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def tenant_scope(tenant_id: int, *, using: str = "default") -> Iterator[None]:
    """As ``tenant_context``, in one transaction of its own (or the one that is open, if it is the tenant's)."""
    with tenant_context(tenant_id), transaction.atomic(using=using):
        connection = connections[using]
        apply = getattr(connection, "apply_tenant", None)
        if apply is None:
            raise TenantScopeError(f"The database {using!r} does not use the backend tenants.postgresql.")
        apply(tenant_id)
        yield


def outside_scope(act: Callable[[], None]) -> None:
    """Do ``act``, which opens scopes itself, as if none were open. No transaction may be.

    For what concerns an account, which may belong to several tenants, once a request's own transaction is over.
    """

    def alone() -> None:
        _current.set(None)
        act()

    copy_context().run(alone)


def active_tenant_ids() -> list[int]:
    """Every tenant that work is done for, in a random order so that none is always last."""
    from tenants.models import Tenant

    return list(Tenant.objects.filter(status=Tenant.Status.ACTIVE).order_by("?").values_list("pk", flat=True))


def _checked(tenant_id: int) -> int:
    tenant_id = int(tenant_id)
    if tenant_id <= 0:
        raise TenantScopeError(f"{tenant_id} is no tenant.")
    if _only.get() not in (None, tenant_id):
        raise TenantScopeError(f"Only tenant {_only.get()} is served here, not {tenant_id}.")
    current = _current.get()
    if current not in (None, tenant_id):
        raise TenantScopeError(f"Inside the scope of tenant {current}, not {tenant_id}.")
    return tenant_id
