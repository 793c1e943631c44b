"""How many requests a second the customers' pages answer, beside a bare view on the same server."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from time import perf_counter, sleep
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from audit.services import Actor
from cdd.benchmarks import Result, peak_rss_mb
from cdd.benchmarks.books import fill, fill_drafts, id_of, open_up
from cdd.benchmarks.ground import Ground, throwaway
from cdd.benchmarks.visitors import HOST, crowd, read_bare, visit
from customers.models import Customer
from questionnaires.links import issue_links
from questionnaires.models import Response
from questionnaires.services import open_responses, publish_standard
from tenants.scoping import tenant_scope

ROWS = 1_000_000
# One draft in so many is there while the first half is measured.
SHARE = 100
THREADS = 4
OURS = "cdd.wsgi:application"
BARE = "cdd.benchmarks.bare_peer:build()"
BROWSERS = 4
ROUNDS = 3
LOAD = 0.6
WORK = (
    "The whole way of a customer (link, two facts, every page read and sent, check, submission, receipt) by 4 browsers"
    " at once over loopback; one gunicorn process of 4 threads with the settings of service, application role,"
    " row-level security, trail, keys, fsync. Limit: the requests a second of a Django view without middleware that"
    " reads one row by an index, on the same server, in turn with ours; peer: ours with a hundredth of the drafts. p99"
    " while requests come at 60% of our rate, each counted from when it was due."
)
_ACTOR = Actor.system("bench")


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests a second, the median of the rounds."""

    ours: float
    bare: float


def run(rows: int) -> Result:
    """Measure beside drafts of `rows` other customers, and before beside a hundredth of them."""
    now = timezone.now()
    visits = max(BROWSERS, min(48, rows // 200))
    with throwaway(now) as ground:
        few = max(rows // SHARE, 1)
        fill(ground, ground.tenant, rows, today=timezone.localdate(now))
        tokens = iter(_invite(ground, rows, (2 * ROUNDS + 4) * visits, now))
        sample = _draft(ground, now)
        fill_drafts(ground, ground.tenant, sample, first=0, last=few)
        with _served(ground, OURS) as ours, _served(ground, BARE) as bare:
            crowd(ours, list(islice(tokens, visits)), visit, at_once=BROWSERS)  # for warmth
            little = _measured(ours, bare, tokens, visits)
            fill_drafts(ground, ground.tenant, sample, first=few, last=rows)
            much = _measured(ours, bare, tokens, visits)
            paced = crowd(ours, list(islice(tokens, 2 * visits)), visit, at_once=16, every=1 / (LOAD * much.ours))
    return Result(
        name="portal",
        rate_per_s=much.ours,
        ratio_to_peer=much.ours / little.ours,
        ratio_to_limit=much.ours / much.bare,
        peak_rss_mb=peak_rss_mb(),
        work=WORK,
        figures={
            "drafts": rows,
            "visits": visits,
            "bare_per_s": much.bare,
            "ours_per_s_few_drafts": little.ours,
            "p50_ms_at_60_percent": 1000 * median(paced.seconds),
            "p99_ms_at_60_percent": 1000 * paced.p99,
            "paced_per_s": paced.rate,
        },
    )


def _invite(ground: Ground, rows: int, count: int, now: datetime) -> list[str]:
    """Links of as many customers of the book, spread over it, who are opened up so that they can prove themselves."""
    count = min(count, rows)
    with tenant_scope(ground.tenant.pk):
        publish_standard(actor=_ACTOR, now=now)
        ids = [id_of(ground.tenant, rows * place // count) for place in range(count)]
        Customer.objects.filter(pk__in=ids).update(
            kind=Customer.Kind.INDIVIDUAL,
            nationality="JP",
            residence_expires_on=None,
            occupation="retired",
            purpose="living",
        )
        open_up(ids)
        customers = list(Customer.objects.filter(pk__in=ids))
        asked = open_responses(
            customers=customers, reference_by_customer={one.pk: uuid4() for one in customers}, now=now
        )
        tokens = issue_links(
            responses=list(asked.values()), channel="POST", expires_at=now + timedelta(days=30), now=now
        )
    return list(tokens.values())


def _draft(ground: Ground, now: datetime) -> UUID:
    """The response of somebody who has answered four pages, which the others' are made from."""
    customer = id_of(ground.tenant, 1)
    with tenant_scope(ground.tenant.pk):
        open_up([customer])
        opened = open_responses(
            customers=[Customer.objects.get(pk=customer)], reference_by_customer={customer: uuid4()}, now=now
        )
        draft = opened[customer]
        issue_links(responses=[draft], channel="POST", expires_at=now + timedelta(days=30), now=now)
        draft.status, draft.started_at, draft.saved_at = Response.Status.STARTED, now, now
        draft.answers = {f"answer_{number}": "東京都千代田区丸の内1丁目2-3" for number in range(20)}
        draft.confirmed_pages = ["contact", "work", "purpose", "residence"]
        draft.save()
    return draft.pk


def _measured(ours: int, bare: int, tokens: Iterator[str], visits: int) -> Measured:
    """Both in turn, so that neighbours disturb both."""
    rates: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(ROUNDS):
        crowded = crowd(ours, list(islice(tokens, visits)), visit, at_once=BROWSERS)
        plain = crowd(bare, ["bench"] * visits * 4, read_bare, at_once=BROWSERS)
        for found, rate in zip(rates, (crowded.rate, plain.rate), strict=False):
            found.append(rate)
    return Measured(ours=median(rates[0]), bare=median(rates[1]))


@contextmanager
def _served(ground: Ground, application: str) -> Iterator[int]:
    """A web server on a free port of this machine, and gone afterwards; gives its port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable, "-m", "gunicorn", application, "--config", "python:cdd.serving", "--preload",
        "--bind", f"{HOST}:{port}", "--workers", "1", "--threads", str(THREADS), "--log-level", "error",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=ground.environment)
    try:
        _await(server, port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    until = perf_counter() + 60
    while perf_counter() < until and server.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            sleep(0.1)
        else:
            return
    raise RuntimeError("The web server did not start.")
