"""How fast the queue itself is: batches claimed and settled, with nobody to hand them to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import perf_counter

import psycopg
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from audit.transitions import transition
from cdd.benchmarks import Result
from cdd.benchmarks.ground import Ground, throwaway
from cdd.benchmarks.outbox import ACTOR, PUSH, fill
from cdd.benchmarks.workers import apart, let_work
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import DeliveryAttempt
from channels.protocols import Channel, Receipt
from channels.sending import claim_due
from channels.services import ensure_accounts, settle
from tenants.scoping import tenant_context

ROWS = 12_000
BATCH = 256
PEER_ROWS = 400
Status = DeliveryAttempt.Status
PROCESSES = (1, 2)
WORK = (
    "Processes claim and settle batches of 256, with row-level security, both triggers and the acts; the rate and the"
    " ratios are those of two. Peer: the same moves one message at a time, as a task for each does. Limit: claim"
    " and settle by two bare statements a batch, by one process, without triggers and acts. Embedded PostgreSQL with"
    " fsync, same run."
)


def run(rows: int) -> Result:
    """Measure over ``rows`` queued messages."""
    now = timezone.now()
    with throwaway(now) as ground, tenant_context(ground.tenant.pk):
        accounts = channel_accounts(BANKS[0], sandbox_url="http://127.0.0.1:1", sandbox_smtp="127.0.0.1:1")
        ensure_accounts(accounts=accounts, actor=ACTOR, now=now)
        fill(PUSH, PEER_ROWS, now)
        peer = _timed(lambda: _one_by_one(now)) / PEER_ROWS
        done = {}
        for processes in PROCESSES:
            apart(lambda: fill(PUSH, rows, now))
            ground.tidy("channels_deliveryattempt")
            done[processes] = let_work(lambda: _batch(now), rows=rows, processes=processes)
        limit = _bare(ground, rows) / rows
    ours = done[2].seconds / rows
    return Result(
        name="dispatch",
        rate_per_s=1 / ours,
        ratio_to_peer=peer / ours,
        ratio_to_limit=limit / ours,
        peak_rss_mb=max(work.peak_mb for work in done.values()),
        work=WORK,
        figures={
            "rows": rows,
            **done[1].figures(1),
            **done[2].figures(2),
            "peer_per_s": 1 / peer,
            "limit_per_s": 1 / limit,
        },
    )


def _timed(work: Callable[[], None]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _batch(now: datetime) -> int:
    claimed = claim_due(channel=Channel.LINE, now=now, limit=BATCH)
    settle(claim=claimed.claim, results={a.pk: Receipt(str(a.pk)) for a in claimed.attempts}, now=now)
    return len(claimed.attempts)


def _one_by_one(now: datetime) -> None:
    for _ in range(PEER_ROWS):
        with transaction.atomic():
            waiting = DeliveryAttempt.objects.filter(status=Status.QUEUED).order_by("not_before", "id")
            attempt = waiting.select_for_update(skip_locked=True, of=("self",)).first()
            if attempt is None:
                return
            transition(attempt, Status.SENDING, actor=ACTOR, at=now, tries=F("tries") + 1, first_tried_at=now)
        with transaction.atomic():
            again = DeliveryAttempt.objects.get(pk=attempt.pk)
            transition(again, Status.ACCEPTED, actor=ACTOR, at=now, accepted_at=now, provider_reference=str(again.pk))


def _bare(ground: Ground, rows: int) -> float:
    """The same rows once more, without what makes them accountable."""
    claim = """
        UPDATE channels_deliveryattempt SET status = 'SENDING', tries = tries + 1, lease_until = now()
        WHERE id IN (SELECT id FROM channels_deliveryattempt WHERE status = 'QUEUED' ORDER BY not_before, id
                     LIMIT 256 FOR UPDATE SKIP LOCKED) RETURNING id"""
    settled = "UPDATE channels_deliveryattempt SET status = 'ACCEPTED', accepted_at = now() WHERE id = ANY(%s)"
    with psycopg.connect(ground.superuser, autocommit=True) as superuser:
        superuser.execute("ALTER TABLE channels_deliveryattempt DISABLE TRIGGER USER")
        superuser.execute("UPDATE channels_deliveryattempt SET status = 'QUEUED'")
        superuser.execute("VACUUM ANALYZE channels_deliveryattempt")
    seconds = 0.0
    with connection.cursor() as cursor:
        done = 0
        while done < rows:
            began = perf_counter()
            with transaction.atomic():
                cursor.execute(claim)
                ids = [pk for (pk,) in cursor.fetchall()]
            with transaction.atomic():
                cursor.execute(settled, [ids])
            seconds += perf_counter() - began
            done += len(ids) or rows
    return seconds
