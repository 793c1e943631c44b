"""Reading back what the triggers captured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audit.models import AuditEvent
from tenants.scoping import tenant_scope

type Captured = list[tuple[str, str, dict[str, Any]]]


@contextmanager
def captured(tenant_id: int) -> Iterator[Captured]:
    """The changes of rows committed inside, in order: (event, id of the row, payload)."""
    changes: Captured = []
    with tenant_scope(tenant_id):
        last = AuditEvent.objects.order_by("-id").values_list("pk", flat=True).first() or 0
    yield changes
    with tenant_scope(tenant_id):
        rows = AuditEvent.objects.filter(pk__gt=last, kind=AuditEvent.Kind.ROW).order_by("pk")
        changes += [(row.event, row.target_id, row.data) for row in rows]
