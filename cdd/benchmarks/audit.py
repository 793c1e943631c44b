"""What the trail costs: mixed transactions of 16 clients with all of it, with none, and with a chain of hashes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter, sleep
from uuid import UUID

import psycopg
from django.db import connection, connections
from django.utils import timezone

from audit.acting import acting
from audit.services import Actor
from audit.transitions import transition
from audit.triggers import TRIGGERS
from cdd.benchmarks import Result, peak_rss_mb
from cdd.benchmarks.ground import throwaway
from cdd.benchmarks.import_ import import_book, write_book
from customers.models import Customer, CustomerImport
from tenants.scoping import tenant_context, tenant_scope

ROWS = 2_000
CLIENTS = 16
ROUNDS = 15
SECONDS = 1.0
OTHER_WORK = 0.003
WORK = (
    "16 processes, each: 3 ms of other work, then one transaction that reads a customer, changes it, inserts a row and"
    " moves its status. Ours: triggers and acts. Limit: the same without either. Peer: without either, but with one"
    " chain of hashes for the tenant, as trails of that kind keep. Turns of a second; embedded PostgreSQL with fsync."
)
AUDITED, PLAIN, CHAINED = "audited", "plain", "chained"
_TABLES = ("customers_customer", "customers_customerimport")


def run(rows: int) -> Result:
    """Measure over a bank of `rows` customers."""
    now = timezone.now()
    with throwaway(now) as ground, psycopg.connect(ground.superuser, autocommit=True) as superuser:
        book = write_book(ground.place, rows)
        with tenant_context(ground.tenant.pk):
            import_book(book, rows, now)
        with tenant_scope(ground.tenant.pk):
            customers = list(Customer.objects.values_list("pk", flat=True))
        superuser.execute("CREATE TABLE bench_chain (head bytea); INSERT INTO bench_chain VALUES ('\\x00')")
        superuser.execute("GRANT SELECT, UPDATE ON bench_chain TO keizoku_app")
        done = dict.fromkeys((AUDITED, PLAIN, CHAINED), 0)
        with _clients(ground.tenant.pk, customers, now) as turn:
            turn(PLAIN)
            for _ in range(ROUNDS):
                for mode in done:
                    _switch_triggers(superuser, is_on=mode == AUDITED)
                    done[mode] += turn(mode)
        (events,) = superuser.execute("SELECT count(*) FROM audit_auditevent").fetchone() or (0,)
    seconds = ROUNDS * SECONDS
    return Result(
        name="audit",
        rate_per_s=done[AUDITED] / seconds,
        ratio_to_peer=done[AUDITED] / done[CHAINED],
        ratio_to_limit=done[AUDITED] / done[PLAIN],
        peak_rss_mb=peak_rss_mb(),
        work=WORK,
        figures={
            "clients": CLIENTS,
            "audited_per_s": done[AUDITED] / seconds,
            "plain_per_s": done[PLAIN] / seconds,
            "chained_per_s": done[CHAINED] / seconds,
            "events": events,
        },
    )


def _switch_triggers(superuser: psycopg.Connection, *, is_on: bool) -> None:
    how = "ENABLE ALWAYS" if is_on else "DISABLE"
    for table in _TABLES:
        actions = ", ".join(f"{how} TRIGGER {trigger.name}" for trigger in TRIGGERS)
        superuser.execute(f"ALTER TABLE {table} {actions}".encode())


@contextmanager
def _clients(tenant_id: int, customers: list[UUID], now: datetime) -> Iterator[Callable[[str], int]]:
    """Client processes; the function given lets them all work for one turn and counts their transactions."""
    connections.close_all()
    context = get_context("fork")
    pipes, processes = [], []
    for number in range(CLIENTS):
        ours, theirs = context.Pipe()
        process = context.Process(target=_client, args=(theirs, number, tenant_id, customers, now), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)

    def turn(mode: str) -> int:
        for pipe in pipes:
            pipe.send(mode)
        return sum(pipe.recv() for pipe in pipes)

    try:
        yield turn
    finally:
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join(10)


def _client(pipe: Connection, number: int, tenant_id: int, customers: list[UUID], now: datetime) -> None:
    chance = random.Random(number)  # noqa: S311  # which customer, repeatably
    while mode := pipe.recv():
        count = 0
        ends = perf_counter() + SECONDS
        with tenant_context(tenant_id), acting(Actor.user(number), request_id="bench"):
            while perf_counter() < ends:
                sleep(OTHER_WORK)
                _transaction(mode, tenant_id, chance.choice(customers), number, now)
                count += 1
        pipe.send(count)
    connections.close_all()


def _transaction(mode: str, tenant_id: int, customer_id: UUID, number: int, now: datetime) -> None:
    to = CustomerImport.Status.RUNNING
    with tenant_scope(tenant_id):
        customer = Customer.objects.get(pk=customer_id)
        Customer.objects.filter(pk=customer.pk).update(branch_code=f"{number:03}", updated_at=timezone.now())
        row = CustomerImport.objects.create(
            filename="bench.csv", sha256="0" * 64, size=1, uploaded_by=number, uploaded_at=now
        )
        if mode == AUDITED:
            transition(row, to, actor=Actor.user(number), at=now)
            return
        # What transition() does, less the act.
        CustomerImport._base_manager.filter(pk=row.pk, tenant_id=tenant_id, status=row.status).update(status=to)
        if mode == CHAINED:
            with connection.cursor() as cursor:
                cursor.execute("UPDATE bench_chain SET head = sha256(head || %s)", [row.pk.bytes])
