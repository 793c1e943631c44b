"""A key-encryption key that never leaves its PKCS#11 token: a hardware security module, or SoftHSM in tests.

The token's AES key wraps by AES-GCM (CKM_AES_GCM) with the context as additional data.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pkcs11
from pkcs11.exceptions import EncryptedDataInvalid, EncryptedDataLenRange, GeneralError, PKCS11Error
from pkcs11.mechanisms import GCMParams

from tenants.keys.addresses import TokenAddress
from tenants.keys.envelopes import KEY, NONCE
from tenants.keys.errors import CannotDecrypt, KeysUnavailable

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib

TAG = 16
# A module is set up for single-threaded use, and once in each process.
_turn = threading.Lock()
_used_by = os.getpid()


class TokenKeyEncryptionKey:
    """Wraps inside the token. A session is opened for each use: data keys are unwrapped once a process."""

    def __init__(self, address: str) -> None:
        self._address = TokenAddress.parse(address)

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a data key, bound to ``context``. Raises KeysUnavailable."""
        return self._use(lambda held: _encrypt(held, key, context))

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key. Raises CannotDecrypt, KeysUnavailable."""
        if len(wrapped) != NONCE + KEY + TAG:
            raise CannotDecrypt("Not a wrapped key.")
        return self._use(lambda held: _decrypt(held, wrapped, context))

    def _use(self, work: Callable[[Any], bytes]) -> bytes:
        try:
            pin = self._address.pin_source.read_text().strip()
            with _turn, self._module().get_token(token_label=self._address.token).open(user_pin=pin) as session:
                held = session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=self._address.label)
                return work(held)
        except OSError as error:
            raise KeysUnavailable(f"The PIN of the key token cannot be read: {error.strerror}.") from error
        except (PKCS11Error, RuntimeError) as error:
            raise KeysUnavailable(f"The key token cannot be used: {type(error).__name__}.") from error

    def _module(self) -> lib:
        """The vendor's library; a process that was forked sets it up again (PKCS#11 2.40, §6.7.1)."""
        global _used_by
        module = pkcs11.lib(str(self._address.module))
        if _used_by != os.getpid():
            module.reinitialize()
            _used_by = os.getpid()
        return module


def _encrypt(held: Any, plain: bytes, context: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    mechanism = pkcs11.Mechanism.AES_GCM
    return nonce + bytes(held.encrypt(plain, mechanism=mechanism, mechanism_param=GCMParams(nonce, context)))


def _decrypt(held: Any, wrapped: bytes, context: bytes) -> bytes:
    params = GCMParams(wrapped[:NONCE], context)
    try:
        return bytes(held.decrypt(wrapped[NONCE:], mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=params))
    except (EncryptedDataInvalid, EncryptedDataLenRange) as error:
        raise CannotDecrypt("The token's key does not open this data key.") from error
    except GeneralError as error:
        # Some modules say only this for a wrong tag. A token that still works means that the data is wrong.
        _encrypt(held, bytes(KEY), context)
        raise CannotDecrypt("The token's key does not open this data key.") from error
