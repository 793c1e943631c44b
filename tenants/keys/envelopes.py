"""Seals and opens values under a tenant's key or a person's; knows no database."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.keys.errors import CannotDecrypt, UnknownKeyVersion

SCHEME_TENANT_KEY = b"\x01"
SCHEME_PERSON_KEY = b"\x02"
NONCE = 12
HEADER = 1 + 2 + NONCE
PERSON = 16
PERSON_HEADER = 1 + PERSON + NONCE
KEY = 32
INDEX = 16


class TenantCipher:
    """One tenant's keys, opened: seals and opens values, wraps persons' keys, and makes blind indexes."""

    def __init__(self, tenant_id: int, keys: Mapping[int, bytes]) -> None:
        self.tenant_id = tenant_id
        self.keys = dict(keys)
        self.newest = max(keys)
        self._tenant = str(tenant_id).encode()
        self._ciphers = {version: AESGCM(key) for version, key in keys.items()}
        self._prefix = SCHEME_TENANT_KEY + self.newest.to_bytes(2, "big")
        self._seal = self._ciphers[self.newest]
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

    def open(self, sealed: bytes, column: bytes, row: bytes) -> bytes:
        """Decrypt what ``seal`` made for the same column and row.

        Raises:
            CannotDecrypt: it was altered, moved or cut, or made with a key we do not hold.
        """
        if sealed[:1] != SCHEME_TENANT_KEY or len(sealed) <= HEADER:
            raise CannotDecrypt("Not a sealed value.")
        cipher = self._of_version(int.from_bytes(sealed[1:3], "big"))
        try:
            return cipher.decrypt(sealed[3:HEADER], sealed[HEADER:], b"|".join((self._tenant, column, row)))
        except InvalidTag as error:
            raise CannotDecrypt("Altered, or moved from another row, column or tenant.") from error

    def index(self, purpose: str, folded: str) -> bytes:
        """A 16-byte keyed hash by which equal values are found without being stored."""
        return hmac.digest(self._purpose_key(purpose), folded.encode(), "sha256")[:INDEX]

    def index_many(self, purpose: str, folded: Sequence[str]) -> list[bytes]:
        """As ``index``, for many values."""
        key = self._purpose_key(purpose)
        return [hmac.digest(key, text.encode(), "sha256")[:INDEX] for text in folded]

    def wrap_person_key(self, person: bytes, key: bytes) -> bytes:
        """Encrypt a person's key under the newest version, bound to the tenant, the person and the version."""
        nonce = os.urandom(NONCE)
        return nonce + self._seal.encrypt(nonce, key, self._person_context(person, self.newest))

    def unwrap_person_key(self, person: bytes, version: int, wrapped: bytes) -> bytes:
        """Decrypt a person's key. Raises CannotDecrypt."""
        cipher = self._of_version(version)
        if len(wrapped) <= NONCE:
            raise CannotDecrypt("Not a wrapped key.")
        try:
            return cipher.decrypt(wrapped[:NONCE], wrapped[NONCE:], self._person_context(person, version))
        except InvalidTag as error:
            raise CannotDecrypt("The person's key was altered, or is another's.") from error

    def _of_version(self, version: int) -> AESGCM:
        cipher = self._ciphers.get(version)
        if cipher is None:
            raise UnknownKeyVersion("Sealed with a key version that is not held.")
        return cipher

    def _person_context(self, person: bytes, version: int) -> bytes:
        return b"|".join((b"person key", self._tenant, person, version.to_bytes(2, "big")))

    def _purpose_key(self, purpose: str) -> bytes:
        key = self._purpose_keys.get(purpose)
        if key is None:
            key = self._purpose_keys[purpose] = hmac.digest(self._index_key, purpose.encode(), "sha256")
        return key


class PersonCipher:
    """One person's key, opened: seals and opens what is known of them, in whatever table."""

    __slots__ = ("_cipher", "_prefix", "_tenant")

    def __init__(self, tenant_id: int, person: bytes, key: bytes) -> None:
        self._tenant = str(tenant_id).encode()
        self._prefix = SCHEME_PERSON_KEY + person
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, column: bytes, row: bytes) -> bytes:
        """Encrypt ``plain`` for one column (``table.column``) of one row (its 16-byte id)."""
        nonce = os.urandom(NONCE)
        return self._prefix + nonce + self._cipher.encrypt(nonce, plain, b"|".join((self._tenant, column, row)))

    def open(self, sealed: bytes, column: bytes, row: bytes) -> bytes:
        """Decrypt what ``seal`` made for the same column and row. Raises CannotDecrypt."""
        if sealed[: 1 + PERSON] != self._prefix or len(sealed) <= PERSON_HEADER:
            raise CannotDecrypt("Not a value of this person.")
        nonce = sealed[1 + PERSON : PERSON_HEADER]
        try:
            return self._cipher.decrypt(nonce, sealed[PERSON_HEADER:], b"|".join((self._tenant, column, row)))
        except InvalidTag as error:
            raise CannotDecrypt("Altered, or moved from another row, column, tenant or person.") from error


def person_of(sealed: bytes) -> bytes | None:
    """Whose key sealed a value, as 16 bytes; None when it is sealed under the tenant's key."""
    if sealed[:1] != SCHEME_PERSON_KEY:
        return None
    if len(sealed) <= PERSON_HEADER:
        raise CannotDecrypt("Not a sealed value.")
    return sealed[1 : 1 + PERSON]
