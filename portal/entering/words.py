"""What the institution's own app says of who has signed in to it: a signed word, good once and for minutes.

A JSON Web Token (RFC 7519) of a registered key. Which algorithm verifies it comes from the key, never from the word
(RFC 8725), so neither "none" nor a public key taken for a shared secret gets through.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.conf import settings
from django.urls import reverse

from customers.models import Customer
from questionnaires.entrances.selectors import key_named
from tenants.models import Tenant

LONGEST_LIFE = timedelta(minutes=5)
# How far the app's clock may be from ours.
SKEW = timedelta(seconds=30)
LONGEST = 4_096
_NEEDED = ["aud", "exp", "iat", "jti", "sub"]


class WordRefused(Exception):
    """The word is not to be trusted; why is said to nobody but the trail, and only of words that a key of ours signed.

    ``code`` holds nothing personal.
    """

    def __init__(self, code: str, *, is_signed: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_signed = is_signed


def audience(tenant: Tenant) -> str:
    """For whom a word must be: this tenant's entrance here."""
    return settings.PUBLIC_BASE_URL + reverse("entering:app", args=[tenant.slug])


def read_word(word: str, *, tenant: Tenant, now: datetime) -> tuple[Customer | None, bytes]:
    """Of which customer a word speaks, and the hash by which it is taken once. Needs the tenant's scope.

    Raises:
        WordRefused
    """
    if len(word) > LONGEST:
        raise WordRefused("too_long")
    claims = _verified(word, tenant)
    issued, ends = _moment(claims["iat"]), _moment(claims["exp"])
    if ends <= now - SKEW:
        raise WordRefused("expired", is_signed=True)
    if issued > now + SKEW or ends > issued + LONGEST_LIFE:
        raise WordRefused("times", is_signed=True)
    number, name = claims["sub"], claims["jti"]
    if not (isinstance(number, str) and isinstance(name, str) and number and name):
        raise WordRefused("claims", is_signed=True)
    customer: Customer | None = Customer.objects.filter(number=number).first()
    return customer, hashlib.sha256(f"{claims['kid']} {name}".encode()).digest()


def _verified(word: str, tenant: Tenant) -> dict[str, Any]:
    """The claims, with the key's name among them. Times are judged by the caller's clock."""
    try:
        key_id = jwt.get_unverified_header(word).get("kid")
        key = key_named(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise WordRefused("key")
        public: Any = load_pem_public_key(key.public_key.encode())
        claims: dict[str, Any] = jwt.decode(
            word,
            public,
            algorithms=[key.algorithm],
            audience=audience(tenant),
            options={"require": _NEEDED, "strict_aud": True, "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise WordRefused(type(error).__name__) from error
    return {**claims, "kid": key_id}


def _moment(value: object) -> datetime:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise WordRefused("times", is_signed=True)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise WordRefused("times", is_signed=True) from error
