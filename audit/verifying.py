"""Reads the whole trail again and says whether it is what was sealed; if not, what is the first that is wrong.

Every line is written and hashed anew, every tree grown anew, and compared with what was signed: in the database, and
outside it, where whoever may change the database has no hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509 import Certificate
from django.db import connections, transaction
from psycopg import IsolationLevel

from audit import notes
from audit.checkpoints import Checkpoints
from audit.entries import WrongEntry, read_digests
from audit.merkle import Frontier
from audit.models import AuditCheckpoint, AuditTimestamp
from audit.sealing import sealed_up_to, split_hashes
from audit.timestamping import NoTimestamp, leads_to_head, stamped_at


@dataclass(frozen=True, slots=True)
class Bad:
    """The first entry of a tenant's trail that is not what was sealed. ``position`` counts from 0."""

    tenant_id: int
    problem: str
    position: int | None = None
    event_id: int | None = None

    def __str__(self) -> str:
        place = "" if self.position is None else f", entry {self.position}"
        event = "" if self.event_id is None else f", event {self.event_id}"
        return f"tenant {self.tenant_id}{place}{event}: {self.problem}"


@dataclass(slots=True)
class Verdict:
    """What was found of one tenant's trail. ``verified`` counts entries read, ``waiting`` events not yet sealed."""

    tenant_id: int
    size: int = 0
    verified: int = 0
    checkpoints: int = 0
    waiting: int = 0
    bad: Bad | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """A checkpoint as one source has it."""

    source: str
    checkpoint: notes.Checkpoint | None
    complaint: str = ""


def tenants_with_trail(store: Checkpoints | None, *, using: str = "sealer") -> list[int]:
    """Every tenant of which there is an event, a checkpoint, or a checkpoint outside."""
    found = set(store.tenant_ids() if store else [])
    # From tenant to tenant along the index, instead of over every row.
    walk = (
        "WITH RECURSIVE t AS (SELECT min(tenant_id) AS id FROM {0} UNION ALL"
        " SELECT (SELECT min(tenant_id) FROM {0} WHERE tenant_id > t.id) FROM t WHERE t.id IS NOT NULL)"
        " SELECT id FROM t WHERE id IS NOT NULL"
    )
    with connections[using].cursor() as cursor:
        for table in ("audit_auditevent", "audit_leaf", "audit_checkpoint"):
            cursor.execute(walk.format(table))
            found |= {row[0] for row in cursor.fetchall()}
    return sorted(found)


def verify(
    tenant_id: int,
    *,
    keys: Sequence[Ed25519PublicKey],
    store: Checkpoints | None,
    since: datetime | None = None,
    using: str = "sealer",
) -> Verdict:
    """Verify one tenant's trail, from the beginning or from the last checkpoint made before ``since``.

    ``keys`` are those that may have signed; without a ``store`` only the database's own copies are compared, which
    whoever owns the database could have rewritten with the rest, had they the key.
    """
    verdict = Verdict(tenant_id)
    # Read before the database: what a sealer that works meanwhile publishes is then in the database as well.
    outside = list(store.of(tenant_id)) if store else []
    with _one_snapshot(using) as cursor:
        inside = list(AuditCheckpoint.objects.using(using).filter(tenant_id=tenant_id).order_by("size"))
        said = _all_said(tenant_id, inside, outside, keys)
        verdict.checkpoints = len(said)
        try:
            start = _start(inside, said, since)
            begun = start.size
            verdict.size = _read_entries(tenant_id, start, inside, said, cursor)
            verdict.verified = verdict.size - begun
            _refuse_lost(verdict.size, said)
            if store:
                _refuse_missing_copies({row.size for row in inside}, {size for size, _ in outside})
            verdict.waiting = _waiting(tenant_id, cursor)
        except WrongEntry as found:
            verdict.bad = Bad(tenant_id, found.problem, found.position, found.event_id)
    return verdict


@contextmanager
def _one_snapshot(using: str) -> Iterator[Any]:
    """A cursor in a transaction that sees one moment, however long it reads."""
    connection = connections[using]
    connection.ensure_connection()
    raw: Any = connection.connection
    was, raw.isolation_level = raw.isolation_level, IsolationLevel.REPEATABLE_READ
    try:
        with transaction.atomic(using=using), connection.cursor() as cursor:
            yield cursor
    finally:
        raw.isolation_level = was


def verify_timestamps(
    tenant_id: int, *, roots: Sequence[Certificate], using: str = "sealer"
) -> tuple[datetime | None, Bad | None]:
    """The latest time that an authority vouches for, and the first stamp that does not hold."""
    stamps = AuditTimestamp.objects.using(using).filter(tenant_id=tenant_id).order_by("size")
    checkpoints = dict(AuditCheckpoint.objects.using(using).filter(tenant_id=tenant_id).values_list("size", "note"))
    latest = None
    for stamp in stamps:
        try:
            note = checkpoints[stamp.size]
            if not leads_to_head(note, stamp.index, split_hashes(bytes(stamp.path)), stamp.head):
                raise NoTimestamp("the checkpoint does not lead to what was stamped")
            latest = stamped_at(bytes(stamp.response), stamp.head.encode(), roots)
        except KeyError:
            return latest, Bad(tenant_id, f"the checkpoint of size {stamp.size} was stamped and is gone", stamp.size)
        except NoTimestamp as error:
            return latest, Bad(tenant_id, f"the timestamp of the checkpoint of size {stamp.size}: {error}", stamp.size)
    return latest, None


def _all_said(
    tenant_id: int,
    inside: Sequence[AuditCheckpoint],
    outside: Sequence[tuple[int, str]],
    keys: Sequence[Ed25519PublicKey],
) -> dict[int, list[_Said]]:
    """By size, what was signed: outside first, for that copy counts."""
    said: dict[int, list[_Said]] = defaultdict(list)
    for size, note in outside:
        said[size].append(_read_note("outside", tenant_id, size, note, keys))
    for row in inside:
        one = _read_note("in the database", tenant_id, row.size, row.note, keys)
        if one.checkpoint and one.checkpoint.root != bytes(row.root):
            one = _Said(one.source, None, "its row has another root than its note")
        said[row.size].append(one)
    return said


def _read_note(source: str, tenant_id: int, size: int, note: str, keys: Sequence[Ed25519PublicKey]) -> _Said:
    try:
        checkpoint = notes.opened(note, keys)
    except notes.BadNote as error:
        return _Said(source, None, str(error))
    if (checkpoint.origin, checkpoint.size) != (notes.origin_of(tenant_id), size):
        return _Said(source, None, f"it is of {checkpoint.origin} at size {checkpoint.size}")
    return _Said(source, checkpoint)


def _start(inside: Sequence[AuditCheckpoint], said: dict[int, list[_Said]], since: datetime | None) -> Frontier:
    before = [row for row in inside if since is not None and row.made_at < since]
    if not before:
        return Frontier()
    row = before[-1]
    try:
        frontier = Frontier(row.size, split_hashes(bytes(row.peaks)))
    except ValueError:
        raise WrongEntry("the peaks of the checkpoint to begin at are not of its size", row.size) from None
    if not _compare(frontier, said[row.size], 0):
        raise WrongEntry("the peaks of the checkpoint to begin at do not lead to its root", row.size)
    return frontier


def _read_entries(
    tenant_id: int, frontier: Frontier, inside: Sequence[AuditCheckpoint], said: dict[int, list[_Said]], cursor: Any
) -> int:
    """Read from the start to the end, stopping to compare wherever something was signed; the size in the end."""
    # A chunk is looked up entry by entry; any other plan reads all events for every chunk.
    cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    marks = sorted((row.size, row.made_at) for row in inside)
    with closing(read_digests(tenant_id, frontier.size, marks, cursor)) as pieces:
        wrong = _grow(frontier, pieces, said)
    if wrong:
        raise _disorder(tenant_id, *wrong, cursor)
    return frontier.size


def _grow(
    frontier: Frontier, pieces: Iterable[Sequence[bytes]], said: dict[int, list[_Said]]
) -> tuple[int, int] | None:
    """Grow the tree as far as it goes; the range of the first entries that do not lead to what was signed."""
    stops = iter(sorted(size for size in said if size > frontier.size))
    stop, compared = next(stops, 0), frontier.size
    for digests in pieces:
        taken = 0
        while taken < len(digests):
            end = taken + stop - frontier.size if stop else len(digests)
            frontier.extend(digests[taken:end])
            taken = end
            if frontier.size == stop:
                if not _compare(frontier, said[stop], compared):
                    return compared, stop
                stop, compared = next(stops, 0), stop
    if not stop and frontier.size > compared:
        raise WrongEntry(f"the entries up to {frontier.size - 1} are covered by no checkpoint", compared)
    return None


def _compare(frontier: Frontier, said: Sequence[_Said], first: int) -> bool:
    """Whether the tree is the one that was signed. Raises WrongEntry when what was signed does not hold by itself."""
    for one in said:
        if one.checkpoint is None:
            raise WrongEntry(
                f"the checkpoint of size {frontier.size} {one.source} does not hold: {one.complaint}", first
            )
        if one.checkpoint.root != frontier.root():
            return False
    return True


def _disorder(tenant_id: int, first: int, end: int, cursor: Any) -> WrongEntry:
    """One batch was sealed in the order of transactions: the first entry out of order has been moved."""
    cursor.execute(
        "SELECT position, id FROM (SELECT l.position, e.id, (e.txid, e.id) < lag((e.txid, e.id)) OVER"
        " (ORDER BY l.position) AS moved FROM audit_leaf l JOIN audit_auditevent e ON e.id = l.event_id"
        " WHERE l.tenant_id = %s AND l.position >= %s AND l.position < %s) entries WHERE moved"
        " ORDER BY position LIMIT 1",
        [tenant_id, first, end],
    )
    moved = cursor.fetchone()
    if moved:
        return WrongEntry("the entry does not stand where it was sealed: entries were exchanged", moved[0] - 1)
    return WrongEntry(
        f"one or more of the entries {first} to {end - 1} were rewritten together with their hashes: "
        f"they do not lead to the root that was signed at size {end}",
        first,
    )


def _refuse_lost(size: int, said: dict[int, list[_Said]]) -> None:
    largest = max(said, default=0)
    if largest > size:
        source = said[largest][0].source
        raise WrongEntry(f"{largest - size} entries are gone that a checkpoint {source} has sealed", size)


def _refuse_missing_copies(inside: set[int], outside: set[int]) -> None:
    """The last ones may be on their way; one between others cannot be."""
    for size in sorted(inside ^ outside):
        if size in outside:
            raise WrongEntry(f"the database has no longer its copy of the checkpoint of size {size}", size)
        if size < max(outside, default=0):
            raise WrongEntry(f"the checkpoint of size {size} is missing outside the database", size)


def _waiting(tenant_id: int, cursor: Any) -> int:
    """How many events wait to be sealed; one that the sealer has passed and that has no entry came afterwards."""
    cursor.execute("SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL work_mem = '128MB'")
    end = sealed_up_to(cursor)
    cursor.execute(
        "SELECT count(*), min(id) FILTER (WHERE (txid, id) <= (%s::text::xid8, %s)) FROM audit_auditevent e"
        " WHERE tenant_id = %s AND NOT EXISTS"
        " (SELECT FROM audit_leaf l WHERE l.tenant_id = e.tenant_id AND l.event_id = e.id)",
        [str(end.txid), end.event_id, tenant_id],
    )
    waiting, smuggled = cursor.fetchone()
    if smuggled is not None:
        raise WrongEntry(
            "the event has no entry, though later ones were sealed: it was inserted afterwards", None, smuggled
        )
    return int(waiting)
