"""An export of one tenant's trail that a stranger verifies without us: events, proofs, signatures, and the program.

Events that were not asked for appear as the roots of the subtrees they fill, so that what is exported is proven to be
in the tree, and where, without showing the rest. Everything is streamed: a million events need no more memory than ten.
"""

from __future__ import annotations

import base64
import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connections, transaction
from django.utils import timezone

from audit import notes
from audit.lines import columns, copied_line
from audit.merkle import Collector, Frontier, Range, consistency_ranges, perfect_parts
from audit.models import AuditCheckpoint, AuditTimestamp
from audit.sealing import split_hashes
from audit.services import Actor, record

STANDALONE = Path(__file__).parent / "standalone"
_LEAVES = 32_768


class NothingSealed(Exception):
    """The tenant's trail has no checkpoint yet: there is nothing to prove."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: all of a kind, of a target, of a time (``since`` <= at < ``until``); empty means all."""

    event: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> tuple[str, list[Any]]:
        """SQL over the events, as e, and its values."""
        given = {
            "e.event = %s": self.event,
            "e.target_id = %s": self.target,
            "e.at >= %s": self.since,
            "e.at < %s": self.until,
        }
        used = {text: value for text, value in given.items() if value}
        return "".join(f" AND {text}" for text in used), list(used.values())


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds: ``events`` of a trail of ``size`` entries."""

    events: int
    size: int


def export_trail(
    *,
    tenant_id: int,
    wanted: Wanted,
    keys: Sequence[Ed25519PublicKey],
    authority: bytes,
    file: IO[bytes],
    actor: Actor,
    now: datetime,
    using: str = "default",
) -> Exported:
    """Write the ZIP to ``file`` and record that it was made. Runs in the tenant's scope, in one transaction.

    ``authority`` is the PEM of the certificates that a timestamp must be rooted in; it may be empty.

    Raises:
        NothingSealed: see there.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        newest = AuditCheckpoint.objects.using(using).filter(tenant_id=tenant_id).order_by("-size").first()
        if newest is None:
            raise NothingSealed
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            package = _Package(archive)
            positions = _write_events(package, tenant_id, newest.size, wanted, cursor)
            earlier = _chain(tenant_id, newest.size, using)
            collector = _collect(tenant_id, newest.size, positions, [size for size, _ in earlier], cursor)
            package.stream("proofs.jsonl", _proofs(tenant_id, newest.size, positions, collector, cursor))
            package.write("checkpoint.txt", newest.note.encode())
            package.stream("checkpoints.jsonl", _links(earlier, newest.size, collector))
            _write_timestamp(package, tenant_id, {**dict(earlier), newest.size: newest.note}, authority, using)
            origin = notes.origin_of(tenant_id)
            package.write("public-key.txt", "".join(f"{notes.verifier_key(origin, key)}\n" for key in keys).encode())
            package.write("verify.py", (STANDALONE / "verify.py").read_bytes())
            package.write("README.txt", _readme(tenant_id, len(positions), newest, wanted, now))
            archive.writestr("SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in package.sums.items()))
        record(
            "auditcheckpoint.exported",
            target=newest,
            actor=actor,
            at=now,
            count=len(positions),
            size=newest.size,
        )
    return Exported(len(positions), newest.size)


class _Package:
    """Files of the archive, and their sums."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self.sums: dict[str, str] = {}

    def write(self, name: str, content: bytes) -> None:
        self.stream(name, iter([content]))

    def stream(self, name: str, pieces: Iterator[bytes]) -> None:
        digest = sha256()
        with self._archive.open(name, "w", force_zip64=True) as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
        self.sums[name] = digest.hexdigest()


def _write_events(package: _Package, tenant_id: int, size: int, wanted: Wanted, cursor: Any) -> array[int]:
    """One canonical line each; returns the positions."""
    positions: array[int] = array("q")
    condition, values = wanted.condition()
    query = (
        f"COPY (SELECT l.position, {columns('e')} FROM audit_leaf l JOIN audit_auditevent e"  # noqa: S608  # names of our own columns
        " ON e.id = l.event_id AND e.tenant_id = l.tenant_id"
        f" WHERE l.tenant_id = %s AND l.position < %s{condition} ORDER BY l.position) TO STDOUT"
    )

    def lines() -> Iterator[bytes]:
        with cursor.copy(query, [tenant_id, size, *values]) as copy:
            for row in copy:
                position, event = bytes(row[:-1]).split(b"\t", 1)
                positions.append(int(position))
                yield copied_line(event) + b"\n"

    package.stream("events.jsonl", lines())
    return positions


def _chain(tenant_id: int, size: int, using: str) -> list[tuple[int, str]]:
    """The last checkpoint of each earlier day, and those that were stamped."""
    stamped = set(
        AuditTimestamp.objects.using(using).filter(tenant_id=tenant_id, size__lt=size).values_list("size", flat=True)
    )
    rows = AuditCheckpoint.objects.using(using).filter(tenant_id=tenant_id, size__lt=size).order_by("size")
    by_day, chosen = dict[object, tuple[int, str]](), dict[int, str]()
    for made_at, at_size, note in rows.values_list("made_at", "size", "note").iterator():
        by_day[timezone.localdate(made_at)] = (at_size, note)
        if at_size in stamped:
            chosen[at_size] = note
    return sorted({**chosen, **dict(by_day.values())}.items())


def _gaps(positions: Sequence[int], size: int) -> Iterator[Range]:
    after = 0
    for position in positions:
        if position > after:
            yield after, position
        after = position + 1
    if size > after:
        yield after, size


def _collect(tenant_id: int, size: int, positions: Sequence[int], earlier: Sequence[int], cursor: Any) -> Collector:
    """One walk over the leaves finds every subtree that the proofs name."""
    links = (part for old in earlier for part in consistency_ranges(old, size))
    collector = Collector([*_gaps(positions, size), *links])
    frontier = Frontier()
    for start in range(0, size, _LEAVES):
        frontier.extend(_leaves(tenant_id, start, min(size, start + _LEAVES), cursor), collector)
    return collector


def _leaves(tenant_id: int, start: int, end: int, cursor: Any) -> Sequence[bytes]:
    cursor.execute(
        "SELECT string_agg(leaf, ''::bytea ORDER BY position) FROM audit_leaf"
        " WHERE tenant_id = %s AND position >= %s AND position < %s",
        [tenant_id, start, end],
    )
    return split_hashes(bytes(cursor.fetchone()[0] or b""))


def _proofs(tenant_id: int, size: int, positions: Sequence[int], collector: Collector, cursor: Any) -> Iterator[bytes]:
    """In the order of the tree: an event's hash, or the root of what lies between two events."""
    events = _event_proofs(tenant_id, positions, cursor)
    gaps = _gaps(positions, size)
    gap = next(gaps, None)
    place = 0
    while place < size:
        if gap is not None and gap[0] == place:
            for level, index in perfect_parts(*gap):
                yield _line("tree", index << level, level, collector.found[level, index])
            place, gap = gap[1], next(gaps, None)
        else:
            yield next(events)
            place += 1


def _event_proofs(tenant_id: int, positions: Sequence[int], cursor: Any) -> Iterator[bytes]:
    for start in range(0, len(positions), _LEAVES):
        chunk = list(positions[start : start + _LEAVES])
        cursor.execute(
            "SELECT position, event_id, leaf FROM audit_leaf WHERE tenant_id = %s AND position = ANY(%s)"
            " ORDER BY position",
            [tenant_id, chunk],
        )
        for position, event_id, leaf in cursor.fetchall():
            yield _line("event", position, event_id, bytes(leaf))


def _line(kind: str, position: int, what: int, digest: bytes) -> bytes:
    return f'["{kind}",{position},{what},"{_text(digest)}"]\n'.encode()


def _links(earlier: Sequence[tuple[int, str]], size: int, collector: Collector) -> Iterator[bytes]:
    for old, note in earlier:
        proof = [_text(collector.root_of(*part)) for part in consistency_ranges(old, size)]
        yield json.dumps({"note": note, "proof": proof}, ensure_ascii=False).encode() + b"\n"


def _write_timestamp(package: _Package, tenant_id: int, exported: dict[int, str], authority: bytes, using: str) -> None:
    stamps = AuditTimestamp.objects.using(using).filter(tenant_id=tenant_id, size__in=list(exported))
    stamp = stamps.order_by("-size").first()
    if stamp is None or not authority:
        return
    path = [_text(part) for part in split_hashes(bytes(stamp.path))]
    way = {"size": stamp.size, "index": stamp.index, "path": path}
    package.write("timestamp.json", json.dumps(way).encode() + b"\n")
    package.write("timestamp-head.txt", stamp.head.encode())
    package.write("timestamp.tsr", bytes(stamp.response))
    package.write("timestamp-authority.pem", authority)


def _readme(tenant_id: int, count: int, newest: AuditCheckpoint, wanted: Wanted, now: datetime) -> bytes:
    asked = {"event": wanted.event, "target": wanted.target, "since": wanted.since, "until": wanted.until}
    text = (STANDALONE / "README.txt").read_text(encoding="utf-8")
    return text.format(
        origin=notes.origin_of(tenant_id),
        count=count,
        size=newest.size,
        made_at=f"{timezone.localtime(newest.made_at):%Y-%m-%d %H:%M:%S %z}",
        exported_at=f"{timezone.localtime(now):%Y-%m-%d %H:%M:%S %z}",
        asked=", ".join(f"{name}={value}" for name, value in asked.items() if value) or "-",
    ).encode()


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
