"""Where data keys are wrapped: by a key in a file, in the environment, or inside a PKCS#11 token."""

from __future__ import annotations

import binascii
import os
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tenants.keys.envelopes import KEY, NONCE
from tenants.keys.errors import CannotDecrypt, KeysUnavailable

ENVIRONMENT_VARIABLE = "KEK_BASE64"
# The two keys by the settings that name them.
CURRENT, PREVIOUS = "KEK", "KEK_PREVIOUS"


class KeyEncryptionKey(Protocol):
    """The port: whatever can wrap a data key and open it again."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a data key, bound to ``context``. Raises KeysUnavailable."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key. Raises CannotDecrypt, KeysUnavailable."""


class LocalKeyEncryptionKey:
    """A 32-byte key in this process's memory."""

    def __init__(self, key: bytes, source: str) -> None:
        if len(key) != KEY:
            raise ValueError(f"{source} must hold exactly {KEY} random bytes.")
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


class FileKeyEncryptionKey(LocalKeyEncryptionKey):
    """A 32-byte key in a file that only the service's account may read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.read_bytes(), str(path))


class EnvironmentKeyEncryptionKey(LocalKeyEncryptionKey):
    """A 32-byte key in Base64 in an environment variable, as platforms hand out secrets."""

    def __init__(self, variable: str) -> None:
        try:
            key = b64decode(os.environ.get(variable, ""), validate=True)
        except binascii.Error as error:
            raise ValueError(f"{variable} is not Base64.") from error
        super().__init__(key, variable)


class KeyRing:
    """The key-encryption key in use, and the one before it while data keys move from it to the new one."""

    def __init__(self, current: KeyEncryptionKey, previous: KeyEncryptionKey | None = None) -> None:
        self._current = current
        self._previous = previous

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a data key under the key in use. Raises KeysUnavailable."""
        return self._current.wrap(key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key with whichever of the two wrapped it. Raises CannotDecrypt, KeysUnavailable."""
        return self._open(wrapped, context)[1]

    def opens_with(self, wrapped: bytes, context: bytes) -> str | None:
        """Which of the two wrapped a data key: CURRENT or PREVIOUS; None if neither. Raises KeysUnavailable."""
        try:
            return self._open(wrapped, context)[0]
        except KeysUnavailable:
            raise
        except CannotDecrypt:
            return None

    def _open(self, wrapped: bytes, context: bytes) -> tuple[str, bytes]:
        try:
            return CURRENT, self._current.unwrap(wrapped, context)
        except KeysUnavailable:
            raise
        except CannotDecrypt:
            if self._previous is None:
                raise
            return PREVIOUS, self._previous.unwrap(wrapped, context)


def open_key_encryption_key(address: str) -> KeyEncryptionKey:
    """The key that ``file:PATH``, ``env:VARIABLE`` or an RFC 7512 ``pkcs11:`` address names.

    Raises:
        KeysUnavailable: it is not there, or is no key.
    """
    kind, _, rest = address.partition(":")
    try:
        match kind:
            case "file":
                return FileKeyEncryptionKey(Path(rest))
            case "env":
                return EnvironmentKeyEncryptionKey(rest or ENVIRONMENT_VARIABLE)
            case "pkcs11":
                from tenants.keys.token import TokenKeyEncryptionKey

                return TokenKeyEncryptionKey(address)
    except OSError as error:
        raise KeysUnavailable(f"The key-encryption key cannot be read: {error.strerror}.") from error
    except (ValueError, ImportError) as error:
        raise KeysUnavailable(f"The key-encryption key cannot be used: {error}") from error
    raise KeysUnavailable("KEK must begin with file:, env: or pkcs11:.")


@cache
def key_encryption_key() -> KeyRing:
    """The configured key-encryption key, with the previous one if it is still named. Raises KeysUnavailable."""
    previous = settings.KEK_PREVIOUS
    return KeyRing(open_key_encryption_key(settings.KEK), open_key_encryption_key(previous) if previous else None)
