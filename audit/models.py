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

    def get_prep_value(self, value: Any) -> Any:
        # PostgreSQL has no way from a number to an xid8, but one from text.
        return str(value) if isinstance(value, int) else value


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
            # Among the rows that triggers saw, what somebody did is one in hundreds.
            models.Index(fields=["tenant_id", "id"], name="audit_acts", condition=models.Q(kind="ACT")),
            models.Index(fields=["txid"], name="audit_by_transaction"),
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


class AuditLeaf(models.Model):
    """One event's place in its tenant's tree, and its hash. Written by the sealer alone, never changed."""

    pk = models.CompositePrimaryKey("tenant_id", "position")
    tenant_id = models.BigIntegerField()
    position = models.BigIntegerField()
    event_id = models.BigIntegerField()
    leaf = models.BinaryField()

    class Meta:
        db_table = "audit_leaf"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "event_id"], name="audit_leaf_once")]

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.position}: event {self.event_id}"


class AuditCheckpoint(models.Model):
    """What a tenant's tree was at one size, signed. Its copy outside the database is the one that counts.

    ``peaks`` (see `audit.merkle`) let the tree grow on from here; they lead to ``root``, which is signed. The last
    checkpoint of all says up to where events are sealed, in the order of (``sealed_txid``, ``sealed_event_id``).
    """

    tenant_id = models.BigIntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField()
    peaks = models.BinaryField()
    note = models.TextField()
    made_at = models.DateTimeField()
    sealed_txid = TransactionIdField()
    sealed_event_id = models.BigIntegerField()

    class Meta:
        db_table = "audit_checkpoint"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "size"], name="audit_checkpoint_once")]

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.size}"


class AuditTimestamp(models.Model):
    """That a tenant's checkpoint of this size existed at a time, by an authority's word (RFC 3161).

    One stamp is for all tenants: ``head`` is the root of a tree over their latest checkpoints, and ``index`` and
    ``path`` lead to it from this tenant's note.
    """

    tenant_id = models.BigIntegerField()
    size = models.BigIntegerField()
    head = models.TextField()
    index = models.BigIntegerField()
    path = models.BinaryField()
    response = models.BinaryField()
    stamped_at = models.DateTimeField()

    class Meta:
        db_table = "audit_timestamp"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "size"], name="audit_timestamp_once")]

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.size} at {self.stamped_at:%Y-%m-%d}"
