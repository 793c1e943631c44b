"""Status changes: declared, compared and swapped, and recorded once."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.core.exceptions import FieldError
from django.db import connections

from audit.models import AuditEvent
from audit.transitions import IllegalTransition, LostRace, Stateful, event_name, transition, transition_many
from customers.models import CustomerImport
from tenants.identifiers import uuid7
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import NOW, SYSTEM

Status = CustomerImport.Status


def make(count: int = 1) -> list[CustomerImport]:
    return CustomerImport.objects.bulk_create(
        CustomerImport(filename=f"{n}.csv", sha256="0" * 64, size=1, uploaded_by=1, uploaded_at=NOW)
        for n in range(count)
    )


def statuses() -> Counter[str]:
    return Counter(CustomerImport.objects.values_list("status", flat=True))


def arrivals(status: str) -> list[str]:
    """The ids of the rows whose arrival in a status is on the record."""
    events = AuditEvent.objects.filter(event=f"customerimport.{status.lower()}")
    return list(events.values_list("target_id", flat=True))


def test_a_transition_changes_the_row_the_instance_and_the_trail(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        (row,) = make()
        transition(row, Status.RUNNING, actor=SYSTEM, at=NOW, encoding="cp932", rows_total=3)

        stored = CustomerImport.objects.get()
        event = AuditEvent.objects.get(event="customerimport.running")

    for one in (row, stored):
        assert (one.status, one.encoding, one.rows_total) == ("RUNNING", "cp932", 3)
    assert (event.target_id, event.data, event.at) == (str(row.pk), {"was": "UPLOADED"}, NOW)


@pytest.mark.parametrize("to", [Status.COMPLETED, Status.UPLOADED, "NONSENSE", ""])
def test_an_undeclared_move_is_refused_and_leaves_no_trace(tenant: Tenant, to: str) -> None:
    with tenant_scope(tenant.pk):
        (row,) = make()
        with pytest.raises(IllegalTransition):
            transition(row, to, actor=SYSTEM, at=NOW)
        with pytest.raises(IllegalTransition):
            transition_many(CustomerImport, [row.pk], was=Status.UPLOADED, to=to, actor=SYSTEM, at=NOW)

        assert row.status == Status.UPLOADED
        assert statuses() == {"UPLOADED": 1}
        assert not AuditEvent.objects.filter(target_id=str(row.pk), kind=AuditEvent.Kind.ACT).exists()


def test_an_end_is_an_end(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        (row,) = make()
        transition(row, Status.DRAFT, actor=SYSTEM, at=NOW)
        transition(row, Status.DISCARDED, actor=SYSTEM, at=NOW)

        for status in Status:
            with pytest.raises(IllegalTransition):
                transition(row, status, actor=SYSTEM, at=NOW)


def test_moving_a_row_that_has_moved_is_a_lost_race(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        (row,) = make()
        stale = CustomerImport.objects.get()
        transition(row, Status.RUNNING, actor=SYSTEM, at=NOW)

        with pytest.raises(LostRace):
            transition(stale, Status.FAILED, actor=SYSTEM, at=NOW)

        assert stale.status == Status.UPLOADED
        assert statuses() == {"RUNNING": 1}
        assert not arrivals(Status.FAILED)


def test_a_row_of_another_tenant_cannot_be_moved(
    tenant: Tenant, other_tenant: Tenant, superuser: psycopg.Connection
) -> None:
    """T1: with the scope of another bank, the row is simply not there."""
    with tenant_scope(tenant.pk):
        (row,) = make()
    with tenant_scope(other_tenant.pk):
        with pytest.raises(LostRace):
            transition(row, Status.RUNNING, actor=SYSTEM, at=NOW)
        moved = transition_many(CustomerImport, [row.pk], was=Status.UPLOADED, to=Status.RUNNING, actor=SYSTEM, at=NOW)
        assert moved == []

    assert superuser.execute("SELECT status FROM customers_customerimport").fetchall() == [("UPLOADED",)]


def test_of_eight_threads_that_move_one_row_one_wins(tenant: Tenant) -> None:
    """A9 in general: compare-and-swap, one winner, one row in the trail."""
    with tenant_scope(tenant.pk):
        (row,) = make()
    start = threading.Barrier(8)
    results: list[str] = []

    def move() -> None:
        try:
            with tenant_scope(tenant.pk):
                mine = CustomerImport.objects.get(pk=row.pk)
                start.wait(10)
                transition(mine, Status.RUNNING, actor=SYSTEM, at=NOW)
            results.append("won")
        except LostRace:
            results.append("lost")
        finally:
            connections.close_all()

    _in_threads(move, 8)

    assert Counter(results) == {"won": 1, "lost": 7}
    with tenant_scope(tenant.pk):
        assert arrivals(Status.RUNNING) == [str(row.pk)]


def test_of_eight_threads_that_move_many_rows_each_row_is_moved_once(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        ids = [row.pk for row in make(40)]
    start = threading.Barrier(8)
    moved: list[UUID] = []

    def move(shift: int) -> None:
        wanted = ids[shift:] + ids[:shift]
        try:
            with tenant_context(tenant.pk):
                start.wait(10)
                moved.extend(
                    transition_many(
                        CustomerImport, wanted, was=Status.UPLOADED, to=Status.RUNNING, actor=SYSTEM, at=NOW
                    )
                )
        finally:
            connections.close_all()

    _in_threads(move, 8, spread=5)

    assert sorted(moved) == sorted(ids)
    with tenant_scope(tenant.pk):
        assert sorted(arrivals(Status.RUNNING)) == sorted(str(pk) for pk in ids)


def test_moving_many_takes_those_that_still_wait_and_leaves_the_rest(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        rows = make(4)
        transition(rows[1], Status.FAILED, actor=SYSTEM, at=NOW)

        moved = transition_many(
            CustomerImport,
            [*(row.pk for row in rows), uuid7()],
            was=Status.UPLOADED,
            to=Status.RUNNING,
            actor=SYSTEM,
            at=NOW,
            rows_total=9,
        )

        assert sorted(moved) == sorted(row.pk for row in rows if row is not rows[1])
        assert statuses() == {"RUNNING": 3, "FAILED": 1}
        assert set(CustomerImport.objects.filter(pk__in=moved).values_list("rows_total", flat=True)) == {9}
        assert sorted(arrivals(Status.RUNNING)) == sorted(str(pk) for pk in moved)


@pytest.mark.parametrize("count", [1, 10, 300])
def test_moving_many_costs_one_statement(tenant: Tenant, django_assert_num_queries: Any, count: int) -> None:
    """Lock, update and append; no savepoint."""
    with tenant_scope(tenant.pk):
        ids = [row.pk for row in make(count)]
        with django_assert_num_queries(1):
            transition_many(CustomerImport, ids, was=Status.UPLOADED, to=Status.RUNNING, actor=SYSTEM, at=NOW)


def test_moving_none_costs_nothing(tenant: Tenant, django_assert_num_queries: Any) -> None:
    with tenant_scope(tenant.pk), django_assert_num_queries(0):
        assert transition_many(CustomerImport, [], was=Status.UPLOADED, to=Status.RUNNING, actor=SYSTEM, at=NOW) == []


def test_one_sealed_value_cannot_be_set_for_many_rows(tenant: Tenant) -> None:
    """P2: a value is sealed for its own row."""
    with tenant_scope(tenant.pk):
        ids = [row.pk for row in make(2)]
        with pytest.raises(FieldError, match="encrypted"):
            transition_many(
                CustomerImport, ids, was=Status.UPLOADED, to=Status.RUNNING, actor=SYSTEM, at=NOW, filename="x"
            )


def stateful_models() -> list[Any]:
    return [model for model in apps.get_models() if issubclass(model, Stateful)]


@pytest.mark.parametrize("model", stateful_models(), ids=lambda model: model.__name__)
def test_every_status_can_be_reached_and_every_move_is_between_statuses(model: Any) -> None:
    field = model._meta.get_field("status")
    declared = {str(value) for value, _ in field.choices}
    moves = {str(was): {str(to) for to in ends} for was, ends in model.TRANSITIONS.items()}

    reached, waiting = set[str](), {str(field.default)}
    while waiting:
        status = waiting.pop()
        reached.add(status)
        waiting |= moves.get(status, set()) - reached

    assert reached == declared
    assert set(moves) <= declared
    assert all(was not in ends for was, ends in moves.items())


def test_an_event_is_named_for_the_model_and_the_status() -> None:
    assert event_name(CustomerImport, "RUNNING") == "customerimport.running"


def _in_threads(work: Any, count: int, *, spread: int | None = None) -> None:
    arguments = [() if spread is None else (number * spread,) for number in range(count)]
    threads = [threading.Thread(target=work, args=one) for one in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
