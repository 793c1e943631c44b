"""Seals second factors at rest: a key of its own for each value, wrapped by the key-encryption key.

A person belongs to several tenants, so no tenant's key can seal what they sign in with.
Envelope, in URL-safe base64: ``length of the wrapped key (2 bytes) | wrapped key | nonce (12) | ciphertext and tag``.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.keys import KEY, NONCE, CannotDecrypt, key_encryption_key

CONTEXT = b"second factor"


def seal_text(text: str) -> str:
    """Encrypt ``text`` under a fresh key."""
    key, nonce = os.urandom(KEY), os.urandom(NONCE)
    wrapped = key_encryption_key().wrap(key, CONTEXT)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), CONTEXT)
    return urlsafe_b64encode(len(wrapped).to_bytes(2, "big") + wrapped + nonce + sealed).decode()


def open_text(sealed: str) -> str:
    """Decrypt what ``seal_text`` made.

    Raises:
        CannotDecrypt: it was altered or cut, or the key-encryption key is another.
    """
    try:
        whole = urlsafe_b64decode(sealed)
    except ValueError as error:
        raise CannotDecrypt("Not a sealed factor.") from error
    end = 2 + int.from_bytes(whole[:2], "big")
    key = key_encryption_key().unwrap(whole[2:end], CONTEXT)
    try:
        return AESGCM(key).decrypt(whole[end : end + NONCE], whole[end + NONCE :], CONTEXT).decode()
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt("Altered or cut.") from error
