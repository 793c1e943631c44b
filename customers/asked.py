"""What somebody searches the book for is often a name or a telephone number: in addresses it stands sealed only.

A page found by a search must bear going back, another page, a second window and a reload, so the words stay with its
address; but addresses are written into logs and histories, which no personal data may reach. They are therefore
sealed under the tenant's key, for one person and some hours, and as long as any others of their size.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

from tenants.keys import CannotDecrypt, KeysUnavailable, cipher

LENGTH = 80
LIFETIME = timedelta(hours=12)
_COLUMN = b"customers.search"
_STEP = 96


def seal_search(words: str, *, user_id: int, now: datetime) -> str:
    """The words as a parameter of an address, for this person and the next hours; "" for no words."""
    if not words:
        return ""
    plain = json.dumps([int(now.timestamp()), words], ensure_ascii=False).encode()
    padded = plain.ljust(-(-len(plain) // _STEP) * _STEP)
    return urlsafe_b64encode(cipher().seal(padded, _COLUMN, _person(user_id))).rstrip(b"=").decode()


def open_search(token: str, *, user_id: int, now: datetime) -> str | None:
    """The words again; None for what is too old, another's, or nothing that was ever sealed."""
    if not token:
        return ""
    try:
        sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        sealed_at, words = json.loads(cipher().open(sealed, _COLUMN, _person(user_id)))
    except KeysUnavailable:
        raise
    except (CannotDecrypt, ValueError):
        return None
    return str(words) if now.timestamp() - sealed_at < LIFETIME.total_seconds() else None


def _person(user_id: int) -> bytes:
    return user_id.to_bytes(16, "big")
