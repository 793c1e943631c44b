"""How fast a customer book is imported, against django-import-export and against raw `COPY` of the same bytes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter

import psycopg
from django.conf import settings
from django.db import connection
from django.utils import timezone

from audit.services import Actor
from cdd.benchmarks import Result
from cdd.benchmarks.ground import Ground, throwaway
from cdd.benchmarks.processes import Memory, children_of, cpu_of, memory_watched, stat
from customers.facts.catalogue import USUAL
from customers.services import run_import, start_import
from tenants.scoping import tenant_context, tenant_scope

ROWS = 200_000
WORK = (
    "Import of a synthetic CP932 book end to end (upload, decode, validate, normalise, encrypt, index, write, history,"
    " audit); limit: COPY of the same bytes into one table of text columns; peer: django-import-export, row by row as"
    " it is set up at first, its rate by the first 20,000 rows; in_bulk: as it advises for large files. Neither"
    " validates, encrypts, indexes or records. Embedded PostgreSQL with fsync, same run."
)
ACTOR = Actor.system("bench")
ENCODING = "cp932"


@dataclass(frozen=True, slots=True)
class Cost:
    """What an import took: seconds by the clock, and of processor time ours and PostgreSQL's.

    ``memory``: of the process that writes and of the one that makes the rows ready, together.
    """

    seconds: float
    cpu: float
    server_cpu: float
    memory: Memory


def run(rows: int) -> Result:
    """Import `rows` customers (a sixteenth of them companies) into a throw-away bank."""
    # A development dependency, which `bench audit` does without.
    from cdd.benchmarks.import_export_peer import AS_BEGUN, IN_BULK, seconds_a_row

    now = timezone.now()
    with throwaway(now) as ground:
        book = write_book(ground.place, rows)
        with tenant_context(ground.tenant.pk):
            ours = import_book(book, rows, now)
        limit = _copy(ground, book)
        peer = seconds_a_row(ground, book, ENCODING, **AS_BEGUN)
        in_bulk = seconds_a_row(ground, book, ENCODING, **IN_BULK)
    return Result(
        name="import",
        rate_per_s=rows / ours.seconds,
        ratio_to_peer=peer * rows / ours.seconds,
        ratio_to_limit=limit / ours.seconds,
        peak_rss_mb=ours.memory.peak_mb,
        work=WORK,
        figures={
            "rows": rows,
            "import_seconds": ours.seconds,
            "cpu_us_a_row": ours.cpu / rows * 1e6,
            "server_cpu_us_a_row": ours.server_cpu / rows * 1e6,
            "peer_per_s": 1 / peer,
            "peer_in_bulk_per_s": 1 / in_bulk,
            "ratio_to_peer_in_bulk": in_bulk * rows / ours.seconds,
            "processes": ours.memory.most_processes,
            "peak_mb_in_first_fifth": ours.memory.peak_within(1 / 5),
            "limit_seconds": limit,
            "limit_per_s": rows / limit,
        },
    )


def write_book(place: Path, rows: int) -> Path:
    """In a process of its own, so that making the book does not count as our memory."""
    book = place / "book.csv"
    companies = rows // 16
    sizes = ["--individuals", str(rows - companies), "--companies", str(companies), "--broken", "0"]
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "make_book", "--out", str(book), *sizes]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return book


def import_book(book: Path, rows: int, now: datetime) -> Cost:
    """From the file to the last customer, in the tenant's context.

    Raises:
        RuntimeError: the import did not take every row.
    """
    cpu, server_cpu, began = _cpu(), _server_cpu(), perf_counter()
    with memory_watched() as memory, book.open("rb") as file:
        started = start_import(file=file, filename=book.name, actor=ACTOR, now=now)
        run_import(import_id=started.pk, actor=ACTOR, now=now)
    seconds = perf_counter() - began
    cost = Cost(seconds, _cpu() - cpu, _server_cpu() - server_cpu, memory)
    with tenant_scope(started.tenant_id):
        started.refresh_from_db()
    if (started.status, started.rows_created) != ("COMPLETED", rows):
        raise RuntimeError(f"The import ended as {started.status} with {started.rows_created} of {rows} customers.")
    return cost


def _cpu() -> float:
    """Of this process and of the ones it started that have ended."""
    used = [getrusage(whose) for whose in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _server_cpu() -> float:
    """Of the server that Django's connections lead to: all its processes that run, and those that have ended."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    server = stat(backend)[1]
    return cpu_of(server, with_ended=True) + sum(map(cpu_of, children_of(server)))


def _copy(ground: Ground, book: Path) -> float:
    """The limit: the file's own bytes, one COPY, one table, no index."""
    columns = ", ".join(f"{key} text" for key in USUAL)
    with psycopg.connect(ground.superuser) as superuser, book.open("rb") as file:
        superuser.execute(f"CREATE TABLE limit_rows ({columns})".encode())
        superuser.commit()
        began = perf_counter()
        with superuser.cursor().copy("COPY limit_rows FROM STDIN (FORMAT csv, HEADER, ENCODING 'SJIS')") as copy:
            while piece := file.read(1024**2):
                copy.write(piece)
        superuser.commit()
        return perf_counter() - began
