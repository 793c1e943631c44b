"""A period of the trail as a package that a stranger verifies, small enough to be handed over by a page."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings

from audit.checkpoints import trusted_keys
from audit.exporting import NothingSealed, Wanted, export_trail
from audit.models import AuditCheckpoint, AuditEvent
from audit.services import Actor
from tenants.scoping import required_tenant_id

JST = ZoneInfo("Asia/Tokyo")
# What a page hands over at once; more is `manage.py audit_export`'s.
MOST = 100_000


class TooMuch(Exception):
    """The period holds more events than a page hands over."""


def evidence_of(*, since: date, until: date, actor: Actor, now: datetime) -> bytes:
    """The ZIP for the days of Japan from ``since`` to ``until``, both included; recorded as an act.

    Raises:
        TooMuch: more than 100,000 events.
        NothingSealed: the tenant's trail has no checkpoint yet.
    """
    tenant_id = required_tenant_id()
    first = datetime.combine(since, time.min, JST)
    end = datetime.combine(until + timedelta(days=1), time.min, JST)
    found = AuditEvent.objects.filter(tenant_id=tenant_id, at__gte=first, at__lt=end)
    if found.values("pk")[: MOST + 1].count() > MOST:
        raise TooMuch
    if not AuditCheckpoint.objects.filter(tenant_id=tenant_id).exists():
        raise NothingSealed
    package = io.BytesIO()
    export_trail(
        tenant_id=tenant_id,
        wanted=Wanted(since=first, until=end),
        keys=trusted_keys(Path(settings.AUDIT_TRUSTED_KEYS_FILE)),
        authority=_authority(),
        file=package,
        actor=actor,
        now=now,
    )
    return package.getvalue()


def _authority() -> bytes:
    path = settings.TIMESTAMP_AUTHORITY_CERTIFICATES
    return Path(path).read_bytes() if path else b""
