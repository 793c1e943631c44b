"""How fast the audit trail is sealed and verified, against hashing alone and against reading the rows alone."""

from __future__ import annotations

from hashlib import sha256
from time import perf_counter

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from audit.checkpoints import CheckpointDirectory
from audit.lines import columns, copied_line
from audit.merkle import Frontier
from audit.sealing import Sealer
from audit.verifying import verify
from cdd.benchmarks import Result, peak_rss_mb
from cdd.benchmarks.ground import Ground, throwaway

ROWS = 500_000
WORK = (
    "Events of one tenant, a few hundred bytes each, sealed (read in the order of the horizon, hashed, entered, tree"
    " grown, checkpoint signed and written outside), then verified (all read, hashed and grown again, signatures)."
    " Limit: the same rows read by COPY and hashed, nothing else; peer: the same leaves written by one INSERT."
    " Embedded PostgreSQL with fsync, same run."
)
FILL = """
    INSERT INTO audit_auditevent
        (tenant_id, at, actor_kind, actor_id, request_id, event, target_type, target_id, payload)
    SELECT %s, now(), 'user', (n %% 90)::text, gen_random_uuid()::text,
           'delivery.' || (ARRAY['sent', 'opened'])[1 + n %% 2], 'channels.deliveryattempt', gen_random_uuid()::text,
           '{"after":{"attempts":' || n || ',"status":"ACCEPTED"},"before":{"status":"SENDING"}}'
    FROM generate_series(1, %s) n
"""
TRANSACTIONS = 20


def run(rows: int) -> Result:
    """Seal and verify `rows` events of a throw-away bank."""
    now = timezone.now()
    with throwaway(now) as ground:
        with psycopg.connect(ground.superuser) as superuser:
            for _ in range(TRANSACTIONS):
                superuser.execute(FILL, [ground.tenant.pk, rows // TRANSACTIONS])
                superuser.commit()
            superuser.autocommit = True
            superuser.execute("VACUUM ANALYZE audit_auditevent")
        key, store = Ed25519PrivateKey.generate(), CheckpointDirectory(ground.place / "checkpoints")
        began = perf_counter()
        sealed = Sealer(key=key, store=store).seal(now=timezone.now()).events
        sealing = perf_counter() - began
        began = perf_counter()
        verdict = verify(ground.tenant.pk, keys=[key.public_key()], store=store)
        verifying = perf_counter() - began
        if verdict.bad or verdict.verified != verdict.size or sealed < rows or verdict.waiting:
            raise RuntimeError(f"The trail was not sealed whole: {sealed} of {rows}, {verdict}")
        peak = peak_rss_mb()
        reading, hashing = _read_and_hash(ground)
        inserting = _insert(ground)
    limit = reading + hashing
    return Result(
        name="seal",
        rate_per_s=sealed / sealing,
        ratio_to_peer=inserting / sealing,
        ratio_to_limit=limit / sealing,
        peak_rss_mb=peak,
        work=WORK,
        figures={
            "events": sealed,
            "seal_seconds": sealing,
            "verify_seconds": verifying,
            "verify_leaves_per_s": verdict.verified / verifying,
            "verify_ratio_to_limit": limit / verifying,
            "limit_seconds": limit,
            "copy_seconds": reading,
            "hash_seconds": hashing,
            "peer_seconds": inserting,
        },
    )


def _read_and_hash(ground: Ground) -> tuple[float, float]:
    """The limit: COPY of the rows, and one SHA-256 a leaf and a node."""
    query = f"COPY (SELECT {columns('e')} FROM audit_auditevent e) TO STDOUT"  # noqa: S608  # names of our own columns
    with psycopg.connect(ground.superuser) as superuser:
        began = perf_counter()
        with superuser.cursor().copy(query) as copy:
            rows = [bytes(row) for row in copy]
        reading = perf_counter() - began
    lines = [b"\0" + copied_line(row[:-1]) for row in rows]
    began = perf_counter()
    leaves = [sha256(line).digest() for line in lines]
    Frontier().extend(leaves)
    return reading, perf_counter() - began


def _insert(ground: Ground) -> float:
    """The peer: only what sealing must write at the least, in one statement."""
    with psycopg.connect(ground.superuser) as superuser:
        superuser.execute("CREATE TABLE peer (LIKE audit_leaf INCLUDING ALL)")
        superuser.commit()
        began = perf_counter()
        superuser.execute("INSERT INTO peer SELECT * FROM audit_leaf")
        superuser.commit()
        return perf_counter() - began
