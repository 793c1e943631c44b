"""Keys: the key-encryption key wraps each tenant's data keys, which seal that tenant's fields.

Envelope of a sealed value: ``01 | key version (2 bytes) | nonce (12) | ciphertext and tag``. The first
byte names the scheme, so that per-customer keys can come without rewriting rows. The additional data
bind a value to its tenant, table, column and row: moved anywhere else, it does not open.
"""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tenants.scoping import required_tenant_id, tenant_scope

SCHEME_TENANT_KEY = b"\x01"
NONCE = 12
HEADER = 1 + 2 + NONCE
KEY = 32
INDEX = 16


class CannotDecrypt(Exception):
    """A sealed value was altered, moved, cut, or its key is gone. Never shown as a value."""


class KeyEncryptionKey(Protocol):
    """Where data keys are wrapped: a file in development, a key service in production."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a data key, bound to ``context``."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key. Raises CannotDecrypt."""


class FileKeyEncryptionKey:
    """A 32-byte key in a file that only the service's account may read."""

    def __init__(self, path: Path) -> None:
        key = path.read_bytes()
        if len(key) != KEY:
            raise ValueError(f"{path} must hold exactly {KEY} random bytes.")
        self._cipher = AESGCM(key)

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a data key, bound to ``context``."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key. Raises CannotDecrypt."""
        if len(wrapped) <= NONCE:
            raise CannotDecrypt("Not a wrapped key.")
        try:
            return self._cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], context)
        except InvalidTag as error:
            raise CannotDecrypt("The key-encryption key does not open this data key.") from error


class TenantCipher:
    """One tenant's keys, opened: seals and opens values, and makes blind indexes."""

    def __init__(self, tenant_id: int, keys: dict[int, bytes]) -> None:
        self._tenant = str(tenant_id).encode()
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._newest = max(keys)
        self._prefix = SCHEME_TENANT_KEY + self._newest.to_bytes(2, "big")
        self._seal = self._ciphers[self._newest]
        # Indexes must stay comparable when data keys rotate, so they hang on the first version.
        self._index_key = hmac.digest(keys[min(keys)], b"blind index", "sha256")
        self._purpose_keys: dict[str, bytes] = {}

    def seal(self, plain: bytes, column: bytes, row: bytes) -> bytes:
        """Encrypt ``plain`` for one column (``table.column``) of one row (its 16-byte id)."""
        nonce = os.urandom(NONCE)
        return self._prefix + nonce + self._seal.encrypt(nonce, plain, b"|".join((self._tenant, column, row)))

    def seal_many(self, plains: Sequence[bytes], column: bytes, rows: Sequence[bytes]) -> list[bytes]:
        """As ``seal``, for one column of many rows."""
        nonces = os.urandom(NONCE * len(rows))
        place = b"|".join((self._tenant, column, b""))
        prefix, encrypt = self._prefix, self._seal.encrypt
        return [
            prefix + (nonce := nonces[at * NONCE : (at + 1) * NONCE]) + encrypt(nonce, plain, place + row)
            for at, (plain, row) in enumerate(zip(plains, rows, strict=True))
        ]

    def index_many(self, purpose: str, folded: Sequence[str]) -> list[bytes]:
        """As ``index``, for many values."""
        key = self._purpose_key(purpose)
        return [hmac.digest(key, text.encode(), "sha256")[:INDEX] for text in folded]

    def open(self, sealed: bytes, column: bytes, row: bytes) -> bytes:
        """Decrypt what ``seal`` made for the same column and row.

        Raises:
            CannotDecrypt: it was altered, moved or cut, or made with a key we do not hold.
        """
        if sealed[:1] != SCHEME_TENANT_KEY or len(sealed) <= HEADER:
            raise CannotDecrypt("Not a sealed value.")
        cipher = self._ciphers.get(int.from_bytes(sealed[1:3], "big"))
        if cipher is None:
            raise CannotDecrypt("Sealed with a key version that is not held.")
        try:
            return cipher.decrypt(sealed[3:HEADER], sealed[HEADER:], b"|".join((self._tenant, column, row)))
        except InvalidTag as error:
            raise CannotDecrypt("Altered, or moved from another row, column or tenant.") from error

    def index(self, purpose: str, folded: str) -> bytes:
        """A 16-byte keyed hash by which equal values are found without being stored."""
        return hmac.digest(self._purpose_key(purpose), folded.encode(), "sha256")[:INDEX]

    def _purpose_key(self, purpose: str) -> bytes:
        key = self._purpose_keys.get(purpose)
        if key is None:
            key = self._purpose_keys[purpose] = hmac.digest(self._index_key, purpose.encode(), "sha256")
        return key


_ciphers: dict[int, TenantCipher] = {}
_lock = threading.Lock()


@cache
def key_encryption_key() -> KeyEncryptionKey:
    """The configured key-encryption key."""
    return FileKeyEncryptionKey(Path(settings.KEK_FILE))


def cipher() -> TenantCipher:
    """The cipher of the tenant in scope, opened once per process."""
    tenant_id = required_tenant_id()
    found = _ciphers.get(tenant_id)
    if found is None:
        with _lock:
            found = _ciphers.get(tenant_id) or _load(tenant_id)
            _ciphers[tenant_id] = found
    return found


def blind_index(purpose: str, folded: str) -> bytes:
    """Index bytes of a folded value for the tenant in scope; ``purpose`` keeps columns apart."""
    return cipher().index(purpose, folded)


def create_tenant_key(version: int = 1) -> None:
    """Make a data key for the tenant in scope. Idempotent per version."""
    from tenants.models import TenantKey

    wrapped = key_encryption_key().wrap(os.urandom(KEY), _context(required_tenant_id(), version))
    TenantKey.objects.get_or_create(version=version, defaults={"wrapped": wrapped})
    forget_keys()


def forget_keys() -> None:
    """Drop opened keys, so that the next use reads them again."""
    _ciphers.clear()


def _load(tenant_id: int) -> TenantCipher:
    from tenants.models import TenantKey

    # A value may be opened between transactions, where row-level security shows nothing.
    with tenant_scope(tenant_id):
        rows = list(TenantKey.objects.values_list("version", "wrapped"))
    if not rows:
        raise CannotDecrypt("The tenant has no data key yet: run create_tenant_key().")
    unwrap = key_encryption_key().unwrap
    return TenantCipher(tenant_id, {v: unwrap(bytes(wrapped), _context(tenant_id, v)) for v, wrapped in rows})


def _context(tenant_id: int, version: int) -> bytes:
    return f"tenant {tenant_id} key {version}".encode()
