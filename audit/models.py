"""The audit trail: one append-only table that describes acts and outlives what it describes."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models.expressions import Func


class TransactionIdField(models.Field[Any, Any]):
    """PostgreSQL's ``xid8``: which transaction wrote the row, so that sealing can follow commit order."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)


class CurrentTransactionId(Func):
    """``pg_current_xact_id()`` as a column default."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionIdField()


class Now(Func):
    """``clock_timestamp()``: when the row was really written, whatever the caller's clock says."""

    function = "clock_timestamp"
    arity = 0
    output_field = models.DateTimeField()


class CurrentRequestId(Func):
    """The request (or task) that the transaction works for, as the database backend told it; "" when none."""

    template = "left(coalesce(current_setting('app.request_id', true), ''), 36)"
    arity = 0
    output_field = models.CharField()


class AuditEvent(models.Model):
    """One act, or one changed row. No foreign keys: the trail never interferes with live data, nor goes when that goes.

    ``payload`` is canonical JSON text (sorted keys, no spaces), stored as written because hashes are
    computed over these exact characters. It holds identifiers, codes, counts, field names and hashes,
    never a personal value. ``tenant_id`` 0 is the service itself: rows of tables that belong to no tenant.
    """

    class Kind(models.TextChoices):
        """Who wrote it: a service, which knows why, or a trigger, which misses nothing."""

        ACT = "ACT"
        ROW = "ROW"

    id = models.BigAutoField(primary_key=True)
    txid = TransactionIdField(db_default=CurrentTransactionId(), editable=False)
    tenant_id = models.BigIntegerField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    kind = models.CharField(max_length=4, choices=Kind, db_default=Kind.ACT, editable=False)
    request_id = models.CharField(max_length=36, db_default=CurrentRequestId(), editable=False)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=80)
    event = models.CharField(max_length=80)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=40)
    payload = models.TextField(default="{}")

    class Meta:
        indexes = [
            models.Index(fields=["tenant_id", "target_id", "id"], name="audit_by_target"),
            models.Index(fields=["tenant_id", "event", "id"], name="audit_by_event"),
            models.Index(fields=["tenant_id", "id"], name="audit_by_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.target_type}:{self.target_id} by {self.actor_kind}:{self.actor_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: `audit.services` records acts, triggers record rows, and nothing is ever changed."""
        raise TypeError("Audit events are recorded by audit.services and never changed.")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: the trail is append-only."""
        raise TypeError("Audit events are never deleted.")

    @property
    def data(self) -> dict[str, Any]:
        """The payload as a dictionary."""
        loaded: dict[str, Any] = json.loads(self.payload)
        return loaded
