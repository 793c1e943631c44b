"""Large imports: batches made ready in a process of their own, and what happens when that goes wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from billiard import Pipe, active_children
from billiard.context import ForkProcess
from django.db import connection, transaction

from customers.decoding import FileRefused, layout_of, records_of
from customers.entering import prepare_customers
from customers.importing import CustomerRow, RowReader
from customers.imports import running
from customers.imports.ahead import HelperLost, made_ahead
from customers.imports.sorting import Batch
from customers.imports.turns import Turn
from customers.models import AttributeChange, ContactPoint, Customer, CustomerImport, NamePart
from customers.searching import holders_of
from customers.selectors import facts_of
from customers.services import run_import, run_waiting_imports, start_import
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tests.customers.books import TODAY, book, company, person, upload
from tests.customers.test_imports import ACTOR, WORKER, counts, take

TAKE = running._take


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 10)


def many(count: int) -> list[dict[str, str]]:
    return [person(customer_number=str(number)) for number in range(1, count + 1)]


def anew(item: CustomerImport) -> CustomerImport:
    with transaction.atomic():
        found: CustomerImport = CustomerImport.objects.get(pk=item.pk)
        return found


def test_a_large_file_is_made_ready_by_a_process_of_its_own(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpers: list[int] = []

    def take_and_look(turn: Turn, batch: Batch) -> None:
        helpers.append(len(active_children()))
        TAKE(turn, batch)

    monkeypatch.setattr(running, "_take", take_and_look)
    done = take(book(*many(33), company(), person(customer_number="2"), person(customer_number="x", birth_on="?")), now)
    assert (done.status, counts(done)) == (CustomerImport.Status.COMPLETED, (34, 0, 0, 2))
    assert (len(helpers), helpers[0], active_children()) == (4, 1, [])
    with transaction.atomic():
        assert Customer.objects.filter(entered_by=done.pk).count() == 34
        assert ContactPoint.objects.count() == 33 * 4 + 2
        assert facts_of(Customer.objects.get(number="33"))["name"] == "髙﨑　花子"
        assert len(holders_of("高崎")) == 33
        assert NamePart.objects.count() < 33 * 4
        assert not AttributeChange.objects.exists()


def test_the_same_file_once_more_changes_nothing_and_another_only_what_it_says(
    in_tenant: Tenant, now: datetime
) -> None:
    take(book(*many(25)), now)
    assert counts(take(book(*many(25)), now)) == (0, 0, 25, 0)
    rows = [{**row, "occupation": "学生"} if row["customer_number"] in ("3", "24") else row for row in many(30)]
    assert counts(take(book(*rows), now)) == (5, 2, 23, 0)


def test_a_small_file_needs_no_process(in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise AssertionError("no process is wanted")

    monkeypatch.setattr(os, "fork", fork)
    assert counts(take(book(*many(10)), now)) == (10, 0, 0, 0)
    with pytest.raises(AssertionError):  # control: a larger one would ask for one
        take(book(*many(21)), now)


def test_a_customer_whom_somebody_else_enters_meanwhile_is_not_entered_twice(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch, keys_superuser: psycopg.Connection
) -> None:
    """The second batch was made ready when nobody had number 15."""
    tried: list[int] = []

    def take_and_interfere(turn: Turn, batch: Batch) -> None:
        tried.append(batch.entry.count)
        TAKE(turn, batch)
        if len(tried) == 1:
            wait_for_keys(20, keys_superuser)
            entry_of_another(now)

    monkeypatch.setattr(running, "_take", take_and_interfere)
    done = take(book(*many(35)), now)
    assert (done.status, counts(done)) == (CustomerImport.Status.COMPLETED, (34, 0, 1, 0))
    assert tried[:3] == [10, 10, 9], "read again, with one customer who is known by now"
    with transaction.atomic():
        assert Customer.objects.filter(number="15").count() == 1


def wait_for_keys(count: int, keys_superuser: psycopg.Connection) -> None:
    """Customers' keys are the last that the process asks a database for before a batch is ready."""
    until = time.monotonic() + 20
    while keys_superuser.execute("SELECT count(*) >= %s FROM tenants_personkey", [count]).fetchone() != (True,):
        assert time.monotonic() < until
        time.sleep(0.02)


def entry_of_another(now: datetime) -> None:
    """As another import would, with the row that our file has."""
    content = book(person(customer_number="15"))
    layout = layout_of(content)
    row = RowReader(layout, TODAY).read(next(records_of([content], layout)))
    assert isinstance(row, CustomerRow)
    prepare_customers([row], reference=uuid7(), now=now).write()


def test_a_piece_that_was_tampered_with_is_named_though_another_process_read_it(
    in_tenant: Tenant, now: datetime, superuser: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.formats.intake.PIECE", 4_000)
    started = start_import(file=upload(book(*many(60))), filename="顧客.csv", actor=ACTOR, now=now)
    superuser.execute("UPDATE customers_importchunk SET body = body || '\\x00' WHERE position = 1")
    run_import(import_id=started.pk, actor=WORKER, now=now)
    failed = anew(started)
    assert (failed.status, failed.failure_code) == (CustomerImport.Status.FAILED, "damaged")
    assert active_children() == []


def test_when_the_process_dies_the_import_is_left_for_another_turn(
    in_tenant: Tenant, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_and_kill(turn: Turn, batch: Batch) -> None:
        for helper in active_children():
            os.kill(helper.pid or 0, signal.SIGKILL)
        TAKE(turn, batch)

    started = start_import(file=upload(book(*many(150))), filename="顧客.csv", actor=ACTOR, now=now)
    monkeypatch.setattr(running, "_take", take_and_kill)
    with pytest.raises(HelperLost):
        run_import(import_id=started.pk, actor=WORKER, now=now)
    monkeypatch.setattr(running, "_take", TAKE)
    left = anew(started)
    assert left.status == CustomerImport.Status.RUNNING
    assert 10 <= left.rows_created < 150
    assert run_waiting_imports(actor=WORKER, now=now + timedelta(minutes=10)) == 1
    assert counts(anew(started)) == (150, 0, 0, 0)


def test_what_is_made_ahead_comes_in_order_and_ends_with_what_went_wrong() -> None:
    def failing() -> Iterator[int]:
        yield from range(3)
        raise FileRefused("too_large", limit=3)

    made = made_ahead(failing)
    assert [next(made) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(FileRefused) as refused:
        next(made)
    assert (refused.value.code, refused.value.params) == ("too_large", {"limit": 3})


def test_the_process_has_connections_of_its_own(in_tenant: Tenant) -> None:
    def backends() -> Iterator[tuple[int, int]]:
        with transaction.atomic():
            yield connection.connection.info.backend_pid, Customer.objects.count()

    with transaction.atomic():
        mine = connection.connection.info.backend_pid
    [(theirs, seen)] = made_ahead(backends)
    assert (theirs != mine, seen) == (True, 0)
    with transaction.atomic():
        assert connection.connection.info.backend_pid == mine, "ours has not been closed"


def test_a_celery_worker_may_have_such_a_process() -> None:
    """Its processes are daemons, which Python's own multiprocessing allows no children."""

    def as_worker(answer: Any) -> None:
        answer.send(list(made_ahead(lambda: iter(range(3)))))

    mine, theirs = Pipe(duplex=False)
    worker = ForkProcess(target=as_worker, args=(theirs,), daemon=True)
    worker.start()
    theirs.close()
    assert mine.poll(20)
    assert mine.recv() == [0, 1, 2]
    worker.join()
