"""Sessions in the database, as Django's, but read and written in one statement each.

Every request of a signed-in person or of a customer on a visit reads its session, and many write it. Django asks
whether a new key is taken before it enters it, and writes in a transaction of its own; the unique key says as much.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS, CreateError, UpdateError
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from django.utils.crypto import get_random_string

from tenants.prepared import Prepared

_LIVE = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    key="key of a session",
    now=datetime(1, 1, 1, tzinfo=UTC),
)
_CREATE = (
    'INSERT INTO "django_session" (session_data, expire_date, session_key) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING'
)
_UPDATE = 'UPDATE "django_session" SET session_data = %s, expire_date = %s WHERE session_key = %s'


class SessionStore(db.SessionStore):
    """Django's sessions in the database."""

    def save(self, must_create: bool = False) -> None:
        """Keep what the session holds.

        Raises:
            CreateError: `must_create`, and there is one with this key.
            UpdateError: there is none any more, as after signing out elsewhere.
        """
        if self.session_key is None:
            return self.create()
        held = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # the stubs leave it out
        row = self.create_model_instance(held)
        with connection.cursor() as cursor:
            cursor.execute(_CREATE if must_create else _UPDATE, [row.session_data, row.expire_date, row.session_key])
            if not cursor.rowcount:
                raise CreateError if must_create else UpdateError
        return None

    def _get_new_session_key(self) -> str:
        return get_random_string(32, VALID_KEY_CHARS)

    def _get_session_from_db(self) -> Any:
        found = _LIVE.first(key=self.session_key, now=timezone.now()) if self.session_key else None
        if found is None:
            self._session_key = None
        return found
