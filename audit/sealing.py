"""Seals the trail: puts each committed event into its tenant's tree and signs what the trees then are.

Events are taken in the order of their transactions, and only those of transactions older than any that still runs:
by id alone, an event that commits late would be passed over for ever. One batch is one transaction under one lock;
whatever ends it half-way, the next begins where the last committed one ended. Checkpoints leave the database after
the commit, and one that did not is sent after. So two sealers, or a killed one, make neither a gap nor a fork.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connections, transaction

from audit import notes
from audit.checkpoints import Checkpoints
from audit.lines import columns, copied_line
from audit.merkle import HASH, Frontier
from audit.models import AuditCheckpoint

logger = logging.getLogger(__name__)

BATCH = 50_000
LAG_SECONDS = 30
# Any number that nothing else locks: the letters "seal".
_LOCK = 0x7365616C

# An event is taken once: also when a database was restored from a dump into a server that counts transactions from
# the beginning, and its old events lie ahead of the new ones.
_UNSEALED = """
    FROM audit_auditevent e
    WHERE (e.txid > {txid}::text::xid8 OR e.txid = {txid}::text::xid8 AND e.id > {id})
      AND e.txid >= {txid}::text::xid8
      AND NOT EXISTS (SELECT FROM audit_leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)"""
_NAMES = {"txid": "%(txid)s", "id": "%(id)s"}
_HORIZON = " AND e.txid < pg_snapshot_xmin(pg_current_snapshot())"


class DatabaseIsOlder(Exception):
    """More was sealed than the database holds: it was restored or cut, and sealing on would fork a tree."""


@dataclass(slots=True)
class Sealed:
    """What one pass did. ``lag_seconds``: how long the oldest event that still waits has been waiting."""

    events: int = 0
    checkpoints: int = 0
    lag_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where events are sealed, in the order of sealing."""

    txid: int = 0
    event_id: int = 0


@dataclass(slots=True)
class _Batch:
    end: Position
    leaves: dict[int, list[bytes]] = field(default_factory=dict)
    event_ids: dict[int, list[int]] = field(default_factory=dict)
    taken: int = 0


class Sealer:
    """Seals pass after pass. ``key`` signs; ``store`` gets the checkpoints, in order and none left out."""

    def __init__(self, *, key: Ed25519PrivateKey, store: Checkpoints, using: str = "sealer") -> None:
        self._key = key
        self._store = store
        self._using = using
        self._published_id: int | None = None

    def seal(self, *, now: datetime) -> Sealed:
        """Seal everything that can be sealed now.

        Raises:
            DatabaseIsOlder: the store knows of more than the database; nothing is sealed.
            AlreadySaidOtherwise: the store knows another tree of the same size.
        """
        done = Sealed()
        self.publish()
        while True:
            with transaction.atomic(using=self._using):
                taken, signed = _seal_batch(self._key, self._store, now, self._using)
            self.publish()
            done.events += taken
            done.checkpoints += signed
            if taken < BATCH:
                break
        done.lag_seconds = lag_seconds(using=self._using)
        if done.lag_seconds > LAG_SECONDS:
            # A transaction that stays open holds back the sealing of all that began after it.
            logger.error("The audit trail waits to be sealed", extra={"seconds": round(done.lag_seconds)})
        return done

    def publish(self) -> None:
        """Send the store what the database has and it has not; also what a killed sealer left behind."""
        everything = AuditCheckpoint.objects.using(self._using).order_by("id")
        if self._published_id is None:
            tenant_ids = everything.order_by().values_list("tenant_id", flat=True).distinct()
            latest = {tenant_id: self._store.latest_size(tenant_id) for tenant_id in tenant_ids}
            missing = [everything.filter(tenant_id=tenant, size__gt=size) for tenant, size in latest.items()]
        else:
            missing = [everything.filter(id__gt=self._published_id)]
        last = self._published_id or 0
        for part in missing:
            for checkpoint in part.only("tenant_id", "size", "note").iterator():
                self._store.publish(checkpoint.tenant_id, checkpoint.size, checkpoint.note)
                last = max(last, checkpoint.pk)
        self._published_id = last


def lag_seconds(*, using: str = "sealer") -> float:
    """How long, by the database's clock, the oldest committed and unsealed event has been waiting; 0 when none is."""
    with connections[using].cursor() as cursor:
        start = sealed_up_to(cursor)
        cursor.execute(
            "SELECT extract(epoch FROM clock_timestamp() - min(recorded_at))" + _UNSEALED.format(**_NAMES),  # noqa: S608  # names of our own columns
            _named(start),
        )
        (seconds,) = cursor.fetchone()
    return max(0.0, float(seconds or 0))


def _seal_batch(key: Ed25519PrivateKey, store: Checkpoints, now: datetime, using: str) -> tuple[int, int]:
    """How many events were sealed, and how many checkpoints made."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        batch = _take(cursor)
        if not batch.taken:
            return 0, 0
        heads = _heads(cursor, batch.leaves)
        _refuse_fork(store, heads)
        _write_leaves(cursor, batch, heads)
    signed = [_checkpoint(tenant_id, heads[tenant_id], batch, key=key, now=now) for tenant_id in sorted(batch.leaves)]
    AuditCheckpoint.objects.using(using).bulk_create(signed)
    return batch.taken, len(signed)


def _take(cursor: Any) -> _Batch:
    """The next events in sealing order, hashed."""
    start = sealed_up_to(cursor)
    batch = _Batch(start)
    query = (
        f"COPY (SELECT {columns('e')}"
        + _UNSEALED.format(**_NAMES)
        + _HORIZON
        + f" ORDER BY e.txid, e.id LIMIT {BATCH}) TO STDOUT"
    )
    last = b""
    with cursor.copy(query, _named(start)) as copy:
        for row in copy:
            last = bytes(row[:-1])
            event_id, tenant, _ = last.split(b"\t", 2)
            tenant_id = int(tenant)
            if tenant_id not in batch.leaves:
                batch.leaves[tenant_id], batch.event_ids[tenant_id] = [], []
            batch.leaves[tenant_id].append(sha256(b"\0" + copied_line(last)).digest())
            batch.event_ids[tenant_id].append(int(event_id))
            batch.taken += 1
    if batch.taken:
        event_id, _, txid, _ = last.split(b"\t", 3)
        batch.end = Position(int(txid), int(event_id))
    return batch


def sealed_up_to(cursor: Any) -> Position:
    """Where the last batch ended; at the beginning when the server now counts transactions from below that."""
    cursor.execute("SELECT sealed_txid::text::bigint, sealed_event_id FROM audit_checkpoint ORDER BY id DESC LIMIT 1")
    row = cursor.fetchone()
    if row is None:
        return Position()
    cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    (next_txid,) = cursor.fetchone()
    return Position() if next_txid < row[0] else Position(*row)


def _heads(cursor: Any, tenant_ids: Iterable[int]) -> dict[int, Frontier]:
    cursor.execute(
        "SELECT t.id, c.size, c.peaks FROM unnest(%s::bigint[]) AS t (id) CROSS JOIN LATERAL"
        " (SELECT size, peaks FROM audit_checkpoint WHERE tenant_id = t.id ORDER BY size DESC LIMIT 1) c",
        [list(tenant_ids)],
    )
    found = {tenant_id: Frontier(size, split_hashes(bytes(peaks))) for tenant_id, size, peaks in cursor.fetchall()}
    return {tenant_id: found.get(tenant_id) or Frontier() for tenant_id in tenant_ids}


def _refuse_fork(store: Checkpoints, heads: dict[int, Frontier]) -> None:
    for tenant_id, head in heads.items():
        outside = store.latest_size(tenant_id)
        if outside > head.size:
            raise DatabaseIsOlder(
                f"Tenant {tenant_id}: {outside} entries were sealed, the database knows of {head.size}. "
                "Run audit_verify. After a restore that was decided, seal on into a new checkpoint directory "
                "and keep the old one as evidence."
            )


def _write_leaves(cursor: Any, batch: _Batch, heads: dict[int, Frontier]) -> None:
    for tenant_id, leaves in batch.leaves.items():
        # COPY does not go with row-level security. One long value is cut up faster than many are sent.
        cursor.execute(
            "INSERT INTO audit_leaf (tenant_id, position, event_id, leaf)"
            " SELECT %s, %s + n - 1, id, substr(%s::bytea, (n::int - 1) * %s + 1, %s)"
            " FROM unnest(%s::bigint[]) WITH ORDINALITY AS t (id, n)",
            [tenant_id, heads[tenant_id].size, b"".join(leaves), HASH, HASH, batch.event_ids[tenant_id]],
        )
        heads[tenant_id].extend(leaves)


def _checkpoint(
    tenant_id: int, head: Frontier, batch: _Batch, *, key: Ed25519PrivateKey, now: datetime
) -> AuditCheckpoint:
    root = head.root()
    return AuditCheckpoint(
        tenant_id=tenant_id,
        size=head.size,
        root=root,
        peaks=b"".join(head.peaks),
        note=notes.sign(notes.Checkpoint(notes.origin_of(tenant_id), head.size, root), key),
        made_at=now,
        sealed_txid=batch.end.txid,
        sealed_event_id=batch.end.event_id,
    )


def split_hashes(joined: bytes) -> Sequence[bytes]:
    """Hashes that stand one after the other in one column."""
    return [joined[at : at + HASH] for at in range(0, len(joined), HASH)]


def _named(position: Position) -> dict[str, Any]:
    return {"txid": str(position.txid), "id": position.event_id}
