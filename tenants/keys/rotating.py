"""New versions of tenants' keys, and moving what the old ones wrap: persons' keys, and tenants' keys to a new KEK."""

from __future__ import annotations

import os
from datetime import datetime

from django.db import IntegrityError, transaction

from audit.services import Actor, record
from tenants.custody import store
from tenants.keys.encryption import CURRENT, key_encryption_key
from tenants.keys.envelopes import KEY
from tenants.keys.errors import CannotDecrypt
from tenants.keys.holding import context_of, forget_keys, reload
from tenants.models import Tenant, TenantKey
from tenants.scoping import required_tenant_id, tenant_context, tenant_scope

BATCH = 1_000
NEWEST_POSSIBLE = 32_767


class RotatedMeanwhile(Exception):
    """Somebody else made the next version at the same moment; theirs is as good."""


def rotate_tenant_key(*, actor: Actor, now: datetime) -> int:
    """Make the next key version of the tenant in scope, which seals every new value. Returns the version.

    This process uses it at once, others within `holding.REFRESH` seconds. Must not be called in a transaction,
    because the key service is asked. Raises KeysUnavailable, RotatedMeanwhile.
    """
    tenant_id = required_tenant_id()
    version = reload().newest + 1
    if version > NEWEST_POSSIBLE:
        raise OverflowError("The tenant has had every version there can be.")
    wrapped = key_encryption_key().wrap(os.urandom(KEY), context_of(tenant_id, version))
    try:
        with transaction.atomic():
            key = TenantKey.objects.create(version=version, wrapped=wrapped)
            record("tenantkey.rotated", target=key, actor=actor, at=now, version=version)
    except IntegrityError as error:
        raise RotatedMeanwhile(f"Version {version} was made by somebody else.") from error
    forget_keys()
    reload()
    return version


def rewrap_person_keys(*, batch: int = BATCH) -> int:
    """Wrap the tenant's persons' keys under its newest version, a batch a transaction. Returns how many.

    May be stopped at any moment and run again: what is left is what an older version still wraps. A key that does
    not open is left as it is, for `check_keys` to name.
    """
    crypt = reload()

    def rewrap(kept: store.Kept) -> bytes | None:
        try:
            key = crypt.unwrap_person_key(kept.person, kept.key_version, kept.wrapped or b"")
        except CannotDecrypt:
            return None
        return crypt.wrap_person_key(kept.person, key)

    total, after = 0, store.BEFORE_ALL
    while True:
        count, last = store.rewrap_keys(rewrap, key_version=crypt.newest, after=after, limit=batch)
        total += count
        if last is None:
            return total
        after = last


def rewrap_tenant_keys(*, actor: Actor, now: datetime) -> int:
    """Wrap every tenant's keys under the key-encryption key in use, opening them with the previous one if need be.

    Returns how many were wrapped anew; those the key in use wraps already are left, so it may be run again.
    Raises CannotDecrypt if neither opens a key, KeysUnavailable.
    """
    total = 0
    for tenant in Tenant.objects.order_by("pk"):
        with tenant_context(tenant.pk):
            total += _rewrap_keys_of(tenant, actor=actor, now=now)
    return total


def wrapped_by() -> dict[int, str | None]:
    """By version of the keys of the tenant in scope: "KEK" or "KEK_PREVIOUS"; None for one that neither opens.

    Raises KeysUnavailable.
    """
    ring, tenant_id = key_encryption_key(), required_tenant_id()
    with tenant_scope(tenant_id):
        kept = list(TenantKey.objects.order_by("version").values_list("version", "wrapped"))
    return {version: ring.opens_with(bytes(wrapped), context_of(tenant_id, version)) for version, wrapped in kept}


def _rewrap_keys_of(tenant: Tenant, *, actor: Actor, now: datetime) -> int:
    ring = key_encryption_key()
    with tenant_scope(tenant.pk):
        kept = dict(TenantKey.objects.values_list("version", "wrapped"))
    moved: dict[int, bytes] = {}
    for version, wrapped in kept.items():
        context = context_of(tenant.pk, version)
        if ring.opens_with(bytes(wrapped), context) != CURRENT:
            moved[version] = ring.wrap(ring.unwrap(bytes(wrapped), context), context)
    if moved:
        with tenant_scope(tenant.pk):
            for version, wrapped in moved.items():
                TenantKey.objects.filter(version=version).update(wrapped=wrapped)
            record("tenant.keys_rewrapped", target=tenant, actor=actor, at=now, versions=sorted(moved))
    return len(moved)
