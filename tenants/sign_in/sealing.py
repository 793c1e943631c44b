"""Seals second factors at rest: a key of its own for each value, wrapped by the key-encryption key.

A person belongs to several tenants, so no tenant's key can seal what they sign in with.
Envelope, in URL-safe base64: ``length of the wrapped key (2 bytes) | wrapped key | nonce (12) | ciphertext and tag``.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.keys import CURRENT, KEY, NONCE, CannotDecrypt, key_encryption_key

CONTEXT = b"second factor"


def seal_text(text: str) -> str:
    """Encrypt ``text`` under a fresh key."""
    key, nonce = os.urandom(KEY), os.urandom(NONCE)
    wrapped = key_encryption_key().wrap(key, CONTEXT)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), CONTEXT)
    return _joined(wrapped, nonce + sealed)


def open_text(sealed: str) -> str:
    """Decrypt what ``seal_text`` made.

    Raises:
        CannotDecrypt: it was altered or cut, or the key-encryption key is another.
    """
    wrapped, rest = _parts(sealed)
    key = key_encryption_key().unwrap(wrapped, CONTEXT)
    try:
        return AESGCM(key).decrypt(rest[:NONCE], rest[NONCE:], CONTEXT).decode()
    except (InvalidTag, ValueError) as error:
        raise CannotDecrypt("Altered or cut.") from error


def rewrap_factors() -> int:
    """Wrap the keys of everybody's second factors under the key-encryption key in use; returns of how many.

    Those it wraps already are left, so it may be run again. Raises CannotDecrypt, KeysUnavailable.
    """
    from allauth.mfa.models import Authenticator

    count = 0
    for factor in Authenticator.objects.order_by("pk"):
        moved = {name: _rewrapped(factor.data[name]) for name in ("secret", "seed") if name in factor.data}
        data = {**factor.data, **moved}
        # One that was used meanwhile is taken up by the next run.
        if data != factor.data:
            count += Authenticator.objects.filter(pk=factor.pk, data=factor.data).update(data=data)
    return count


def _rewrapped(sealed: str) -> str:
    wrapped, rest = _parts(sealed)
    ring = key_encryption_key()
    if ring.opens_with(wrapped, CONTEXT) == CURRENT:
        return sealed
    return _joined(ring.wrap(ring.unwrap(wrapped, CONTEXT), CONTEXT), rest)


def _joined(wrapped: bytes, rest: bytes) -> str:
    return urlsafe_b64encode(len(wrapped).to_bytes(2, "big") + wrapped + rest).decode()


def _parts(sealed: str) -> tuple[bytes, bytes]:
    """The wrapped key, and the nonce with the ciphertext."""
    try:
        whole = urlsafe_b64decode(sealed)
    except ValueError as error:
        raise CannotDecrypt("Not a sealed factor.") from error
    end = 2 + int.from_bytes(whole[:2], "big")
    return whole[2:end], whole[end:]
