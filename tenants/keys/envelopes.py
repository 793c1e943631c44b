"""Seals and opens values under a tenant's key or a person's; knows no database."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

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
        self._hashes: dict[str, HMAC] = {}

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
        return self.index_many(purpose, (folded,))[0]

    def index_many(self, purpose: str, folded: Sequence[str]) -> list[bytes]:
        """As ``index``, for many values."""
        begun, found = self._hash(purpose), []
        for text in folded:
            one = begun.copy()  # half the work of setting up the key each time
            one.update(text.encode())
            found.append(one.finalize()[:INDEX])
        return found

    def wrap_person_key(self, person: bytes, key: bytes) -> bytes:
        """Encrypt a person's key under the newest version, bound to the tenant, the person and the version."""
        return self.wrap_person_keys({person: key})[person]

    def wrap_person_keys(self, keys: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """As ``wrap_person_key``, for many persons."""
        random, encrypt = os.urandom(NONCE * len(keys)), self._seal.encrypt
        nonces = [random[at : at + NONCE] for at in range(0, len(random), NONCE)]
        return {
            person: nonce + encrypt(nonce, key, self._person_context(person, self.newest))
            for nonce, (person, key) in zip(nonces, keys.items(), strict=True)
        }

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

    def _hash(self, purpose: str) -> HMAC:
        begun = self._hashes.get(purpose)
        if begun is None:
            key = hmac.digest(self._index_key, purpose.encode(), "sha256")
            begun = self._hashes[purpose] = HMAC(key, SHA256())
        return begun


class PersonCipher:
    """One person's key, opened: seals and opens what is known of them, in whatever table."""

    __slots__ = ("_cipher", "_prefix", "_tenant")

    def __init__(self, tenant_id: int, person: bytes, key: bytes) -> None:
        self._tenant = str(tenant_id).encode()
        self._prefix = SCHEME_PERSON_KEY + person
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, column: bytes, row: bytes) -> bytes:
        """Encrypt ``plain`` for one column (``table.column``) of one row (its 16-byte id)."""
        return self.seal_with(os.urandom(NONCE), plain, b"|".join((self._tenant, column, row)))

    def seal_with(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
        """As ``seal``, with a nonce that is used nowhere else."""
        return self._prefix + nonce + self._cipher.encrypt(nonce, plain, context)

    def context_of(self, column: bytes) -> bytes:
        """What a value of any row of the column is bound to, up to the row's id."""
        return b"|".join((self._tenant, column, b""))

    def open(self, sealed: bytes, column: bytes, row: bytes) -> bytes:
        """Decrypt what ``seal`` made for the same column and row. Raises CannotDecrypt."""
        if sealed[: 1 + PERSON] != self._prefix or len(sealed) <= PERSON_HEADER:
            raise CannotDecrypt("Not a value of this person.")
        nonce = sealed[1 + PERSON : PERSON_HEADER]
        try:
            return self._cipher.decrypt(nonce, sealed[PERSON_HEADER:], b"|".join((self._tenant, column, row)))
        except InvalidTag as error:
            raise CannotDecrypt("Altered, or moved from another row, column, tenant or person.") from error


def seal_column(
    ciphers: Sequence[PersonCipher], plains: Sequence[bytes], column: bytes, rows: Sequence[bytes]
) -> list[bytes]:
    """Encrypt one column of many rows of one tenant, each for its person."""
    if not ciphers:
        return []
    random, context = os.urandom(NONCE * len(rows)), ciphers[0].context_of(column)
    nonces = [random[at : at + NONCE] for at in range(0, len(random), NONCE)]
    return [
        cipher.seal_with(nonce, plain, context + row)
        for cipher, nonce, plain, row in zip(ciphers, nonces, plains, rows, strict=True)
    ]


def person_of(sealed: bytes) -> bytes | None:
    """Whose key sealed a value, as 16 bytes; None when it is sealed under the tenant's key."""
    if sealed[:1] != SCHEME_PERSON_KEY:
        return None
    if len(sealed) <= PERSON_HEADER:
        raise CannotDecrypt("Not a sealed value.")
    return sealed[1 : 1 + PERSON]
