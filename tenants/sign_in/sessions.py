"""Sessions: which ones an account has open, and ending them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext as _

from audit.services import Actor, record
from tenants.models import Membership
from tenants.sign_in import recording

SEEN_AT = "seen_at"
_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it. No place: addresses are not kept."""

    id: int
    device: str
    since: datetime
    seen: datetime
    is_this: bool


def open_sessions(user_id: int, this: str | None) -> list[OpenSession]:
    """The account's sessions, the present one first, then by when they were last used."""
    found = [session for session in UserSession.objects.filter(user_id=user_id) if not session.purge()]
    shown = [
        OpenSession(row.pk, device_of(row.user_agent), row.created_at, row.last_seen_at, row.session_key == this)
        for row in found
    ]
    return sorted(shown, key=lambda one: (not one.is_this, -one.seen.timestamp()))


def end_others(user_id: int, this: str | None) -> int:
    """End every session of the account but ``this``. Returns how many."""
    return _end(UserSession.objects.filter(user_id=user_id).exclude(session_key=this or ""))


def end_one(user_id: int, session_id: int) -> bool:
    """End one session of the account; whether there was one."""
    return _end(UserSession.objects.filter(user_id=user_id, pk=session_id)) > 0


def end_sessions_of_member(*, membership: Membership, actor: Actor, now: datetime) -> int:
    """An administrator ends a member's sessions, those through another tenant's provider excepted."""
    tenant_id = membership.tenant_id
    rows = UserSession.objects.filter(user_id=membership.user_id)
    ended = _end(row for row in rows if row.data.get("tenant") in (None, tenant_id))
    record(recording.SESSIONS_ENDED, target=membership, actor=actor, at=now, count=ended)
    return ended


def end_sessions_through(tenant_id: int) -> int:
    """End the sessions that were opened through a tenant's identity provider."""
    return _end(UserSession.objects.filter(data__tenant=tenant_id))


def touch(session_key: str | None, now: datetime) -> None:
    """Note that the session was used."""
    UserSession.objects.filter(session_key=session_key or "").update(last_seen_at=now)


def device_of(user_agent: str) -> str:
    """A browser and a system in two words, as far as the header can be believed."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or re.sub(r"[^\w./ -]", "", user_agent)[:30] or _("Unknown device")


def _end(rows: Iterable[Any]) -> int:
    ended = 0
    for row in rows:
        row.end()
        ended += 1
    return ended
