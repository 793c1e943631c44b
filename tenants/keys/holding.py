"""The tenants' keys that this process has opened, and how it notices new versions."""

from __future__ import annotations

import os
import threading
from time import monotonic

from django.db import transaction

from tenants.keys.encryption import key_encryption_key
from tenants.keys.envelopes import KEY, TenantCipher
from tenants.keys.errors import CannotDecrypt
from tenants.scoping import required_tenant_id, tenant_scope

# Seconds after which a process asks whether its tenant has a newer key version.
REFRESH = 5.0

_held: dict[int, tuple[float, TenantCipher]] = {}
_turn = threading.Lock()


def cipher() -> TenantCipher:
    """The cipher of the tenant in scope, opened once per process and looked at again every few seconds.

    Raises:
        CannotDecrypt: the tenant has no key, or it does not open.
        KeysUnavailable: the key-encryption key is not at hand.
    """
    tenant_id = required_tenant_id()
    found = _held.get(tenant_id)
    if found is None:
        with _turn:
            found = _held.get(tenant_id) or _load(tenant_id)
    # Whoever else asks meanwhile goes on with what is held.
    elif monotonic() - found[0] > REFRESH and _turn.acquire(blocking=False):
        try:
            found = _load(tenant_id)
        finally:
            _turn.release()
    return found[1]


def reload() -> TenantCipher:
    """Read the keys of the tenant in scope again now: something was sealed by a version that is not held."""
    with _turn:
        return _load(required_tenant_id())[1]


def blind_index(purpose: str, folded: str) -> bytes:
    """Index bytes of a folded value for the tenant in scope; ``purpose`` keeps columns apart."""
    return cipher().index(purpose, folded)


def create_tenant_key(version: int = 1) -> None:
    """Make a data key for the tenant in scope. Idempotent per version."""
    from tenants.models import TenantKey

    wrapped = key_encryption_key().wrap(os.urandom(KEY), context_of(required_tenant_id(), version))
    TenantKey.objects.get_or_create(version=version, defaults={"wrapped": wrapped})
    _held.clear()
    # Somebody may have read the old versions again before this one was committed.
    transaction.on_commit(_held.clear)


def forget_keys() -> None:
    """Drop all opened keys, so that the next use reads them again."""
    from tenants.keys.persons import forget_persons

    _held.clear()
    forget_persons()


def context_of(tenant_id: int, version: int) -> bytes:
    """What a wrapped tenant key is bound to."""
    return f"tenant {tenant_id} key {version}".encode()


def _load(tenant_id: int) -> tuple[float, TenantCipher]:
    from tenants.models import TenantKey

    # A value may be opened between transactions, where row-level security shows nothing.
    with tenant_scope(tenant_id):
        rows = {version: bytes(wrapped) for version, wrapped in TenantKey.objects.values_list("version", "wrapped")}
    if not rows:
        raise CannotDecrypt("The tenant has no data key yet: run create_tenant_key().")
    was = _held.get(tenant_id)
    known = was[1].keys if was else {}
    if was is not None and known.keys() == rows.keys():
        opened = was[1]
    else:
        opened = TenantCipher(
            tenant_id,
            {version: known.get(version) or _open(tenant_id, version, wrapped) for version, wrapped in rows.items()},
        )
    _held[tenant_id] = monotonic(), opened
    return _held[tenant_id]


def _open(tenant_id: int, version: int, wrapped: bytes) -> bytes:
    return key_encryption_key().unwrap(wrapped, context_of(tenant_id, version))
