"""What an open page of editing knows: the facts as they were shown, and what is to become of them, sealed in the page.

Nothing is stored until it is confirmed, and nobody is locked out meanwhile; but when it is saved, the facts as shown
tell whether somebody else changed them. Sealed under the tenant's key for one person, one customer and an hour.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.keys import CannotDecrypt, KeysUnavailable, cipher

LIFETIME = timedelta(hours=1)
_COLUMN = b"customers.edit"


@dataclass(frozen=True, slots=True)
class Draft:
    """``shown`` is what the page showed and ``wanted`` what is to be otherwise, both as the file keeps it."""

    opened_at: datetime
    shown: Mapping[str, Any]
    wanted: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    matter: str = ""


def seal_draft(draft: Draft, *, customer_id: UUID, user_id: int) -> str:
    """The draft as the value of a hidden field."""
    said = [user_id, draft.opened_at.isoformat(), draft.shown, draft.wanted, draft.reason, draft.matter]
    plain = json.dumps(said, ensure_ascii=False).encode()
    return urlsafe_b64encode(cipher().seal(plain, _COLUMN, customer_id.bytes)).decode()


def open_draft(token: str, *, customer_id: UUID, user_id: int, now: datetime) -> Draft | None:
    """The draft again; None for what is too old, another's, of another customer, or nothing that was ever sealed."""
    try:
        plain = cipher().open(urlsafe_b64decode(token), _COLUMN, customer_id.bytes)
        whose, opened_at, shown, wanted, reason, matter = json.loads(plain)
    except KeysUnavailable:
        raise
    except (CannotDecrypt, ValueError):
        return None
    draft = Draft(datetime.fromisoformat(opened_at), shown, wanted, reason, matter)
    return draft if whose == user_id and now - draft.opened_at < LIFETIME else None
