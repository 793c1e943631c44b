"""Sessions in the database, as Django's; reading one is a query compiled once (`tenants.prepared`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants.prepared import Prepared

_LIVE = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key="key of a session",
    now=datetime(1, 1, 1, tzinfo=UTC),
)


class SessionStore(db.SessionStore):
    """Every request of a signed-in person or of a customer on a visit reads its session."""

    def _get_session_from_db(self) -> Any:
        found = _LIVE.first(key=self.session_key, now=timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None
        return found
