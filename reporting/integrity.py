"""How far the audit trail is sealed: what the audit page says about its own trustworthiness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from audit.models import AuditCheckpoint, AuditEvent, AuditLeaf, AuditTimestamp
from tenants.scoping import required_tenant_id

# The sealer comes every few seconds; what waits longer than this has been left behind.
LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Integrity:
    """The newest signed checkpoint of the tenant in scope, and what it does not cover yet.

    ``sealed`` counts records from the first on; ``waiting_since`` is when the oldest uncovered one was written.
    """

    sealed: int
    sealed_at: datetime | None
    stamped_at: datetime | None
    waiting_since: datetime | None
    is_late: bool


def integrity_of_trail(*, now: datetime) -> Integrity:
    """Where sealing stands, in three queries. Whether the trail is unaltered, only `audit_verify` can say."""
    tenant_id = required_tenant_id()
    checkpoint = AuditCheckpoint.objects.filter(tenant_id=tenant_id).order_by("-size").first()
    stamp = AuditTimestamp.objects.filter(tenant_id=tenant_id).order_by("-size").first()
    sealed = Exists(AuditLeaf.objects.filter(tenant_id=tenant_id, event_id=OuterRef("pk")))
    ahead = AuditEvent.objects.filter(tenant_id=tenant_id, id__gt=checkpoint.sealed_event_id if checkpoint else 0)
    since = ahead.exclude(sealed).order_by("id").values_list("recorded_at", flat=True).first()
    return Integrity(
        sealed=checkpoint.size if checkpoint else 0,
        sealed_at=checkpoint.made_at if checkpoint else None,
        stamped_at=stamp.stamped_at if stamp else None,
        waiting_since=since,
        is_late=since is not None and now - since > LATE,
    )
