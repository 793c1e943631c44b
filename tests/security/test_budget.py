"""T22: statements of staff pages and of the tasks that beat starts, as the application's role, on 100,000 customers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from campaigns import tasks as campaign_tasks
from campaigns.models import Campaign
from cdd.celery import app
from channels import tasks as channel_tasks
from customers import tasks as customer_tasks
from customers.models import Customer
from ekyc import tasks as ekyc_tasks
from integrations import tasks as integration_tasks
from outreach import tasks as outreach_tasks
from retention import tasks as retention_tasks
from reviews.models import Case
from risk import tasks as risk_tasks
from tenants import tasks as tenant_tasks
from tenants.custody.routing import KEYS
from tenants.scoping import tenant_scope
from tests.security.books import LARGE, grow
from tests.security.world import World
from uploads import tasks as upload_tasks

MILLISECONDS = 50.0
TRIES = 5  # a busy machine makes one slow, not all
PAGES = (
    "/", "/customers/", "/customers/?search=B123456", "/customers/?search=花子", "/customers/?tier=HIGH",
    "/customers/?kind=INDIVIDUAL", "/customers/{customer}/", "/customers/{customer}/timeline/", "/campaigns/",
    "/campaigns/{campaign}/", "/campaigns/{campaign}/customers/", "/reviews/", "/reviews/?tier=HIGH",
    "/reviews/{case}/", "/imports/", "/audit/", "/audit/?number=1",
)  # fmt: skip
# What beat starts, each for every bank in turn; sending itself goes by the ids that the dispatcher found.
TASKS: dict[str, Callable[[], object]] = {
    "imports": customer_tasks.run_waiting_imports,
    "lapsing-flags": customer_tasks.lapse_flags_that_end,
    "ended-stays": customer_tasks.note_stays_that_ended,
    "exports": customer_tasks.make_exports,
    "old-exports": customer_tasks.destroy_exports,
    "ratings": risk_tasks.rate_waiting,
    "campaigns": campaign_tasks.run_campaigns,
    "overdue": campaign_tasks.close_overdue_reviews,
    "silent": campaign_tasks.contact_silent_customers,
    "sums": campaign_tasks.check_sums,
    "backlogs": channel_tasks.check_backlogs,
    "inbox": channel_tasks.process_inbox,
    "sweep": channel_tasks.sweep,
    "ekyc-inbox": ekyc_tasks.process_inbox,
    "ekyc-sweep": ekyc_tasks.sweep,
    "uploads": upload_tasks.examine_waiting,
    "find-due-for-purge": retention_tasks.find_due,
    "purge": retention_tasks.execute_approved,
    "rewrap-keys": tenant_tasks.rewrap_person_keys,
    "invitations": tenant_tasks.deliver_invitations,
    "own-domains": tenant_tasks.look_at_own_domains,
    "copies": outreach_tasks.make_copies,
    "old-copies": outreach_tasks.destroy_copies,
    "return-files": integration_tasks.make_return_files,
    "old-files": integration_tasks.destroy_old_files,
    "pick-ups": integration_tasks.pick_up_books,
    "picked-files": integration_tasks.decide_pick_ups,
}
# Of the whole service, and not of the large tables: by the catalogue, by what waits in a bank, by the register's file.
# And one that compares all customers, at night.
NOT_TIMED = {"check-tenancy", "dispatch", "registry", "match-candidates"}
LISTS = ("/customers/", "/campaigns/", "/campaigns/{campaign}/customers/", "/reviews/", "/audit/")
# A page of fifty rows looks up what an empty one needs not: one statement for each kind of thing, not for each row.
KINDS_OF_THINGS = 4


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan with everything below it."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def explained(sql: str) -> tuple[float, set[str]]:
    """The time in milliseconds, and the large tables that were read from end to end."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql)
        (answer,) = cursor.fetchone()
    [told] = json.loads(answer) if isinstance(answer, str) else answer
    whole = {node["Relation Name"] for node in nodes(told["Plan"]) if node["Node Type"] == "Seq Scan"}
    return told["Execution Time"], whole & LARGE


def fault_of(sql: str) -> str:
    """What is wrong with a statement; "" if nothing is."""
    for _ in range(TRIES):
        milliseconds, whole = explained(sql)
        if whole:
            return f"reads all of {sorted(whole)}"
        if milliseconds < MILLISECONDS:
            return ""
    return f"takes {milliseconds:.0f} ms"


def sent_by(act: Callable[[], object]) -> list[str]:
    """The statements of one page, as they were sent to both databases."""
    with CaptureQueriesContext(connection) as captured, CaptureQueriesContext(connections[KEYS]) as keys:
        act()
    return [query["sql"] for query in (*captured.captured_queries, *keys.captured_queries)]


def page_of(world: World, address: str) -> Callable[[], None]:
    """Opening a page as an approver."""
    rows = world.ours.rows
    url = address.format(customer=rows[Customer], campaign=rows[Campaign], case=rows[Case])

    def look() -> None:
        assert world.client("APPROVER").get(url).status_code == 200, url

    return look


def counts(world: World) -> dict[str, int]:
    """How many statements the lists take, with what processes remember at hand."""
    for page in LISTS:
        page_of(world, page)()
    return {page: len(sent_by(page_of(world, page))) for page in LISTS}


def reads_of(act: Callable[[], object]) -> list[str]:
    """What was looked up, less what sets the scope and the statements on the keys."""
    return [
        sql for sql in sent_by(act) if sql.startswith("SELECT") and "set_config" not in sql and "personkey" not in sql
    ]


@pytest.mark.slow
def test_pages_and_tasks_read_large_tables_by_index_and_quickly(
    world: World, superuser: psycopg.Connection, keys_superuser: psycopg.Connection
) -> None:
    few = counts(world)
    grow(superuser, keys_superuser, world.ours)
    for table in ("channels_webhookevent", "ekyc_ekycevent"):  # a provider called "x" would have to be asked
        superuser.execute(f"UPDATE {table} SET processed_at = now()")
    found = {(page, sql) for page in PAGES for sql in reads_of(page_of(world, page))}
    assert len({sql for _, sql in found}) > 60, "control: the pages' statements were caught"
    assert {*TASKS, *NOT_TIMED} == set(app.conf.beat_schedule), "control: every task that beat starts"
    of_tasks = {(name, sql) for name, task in TASKS.items() for sql in reads_of(task)}
    assert {name for name, _ in of_tasks} == set(TASKS), "control: the tasks' statements were caught"
    found |= of_tasks
    with tenant_scope(world.ours.tenant.pk):
        wrong = [(page, fault, sql) for page, sql in sorted(found) if (fault := fault_of(sql))]
        assert wrong == []
        # Controls: what is slow is seen, and the same statements without an index.
        assert fault_of("SELECT pg_sleep(0.06)").startswith("takes")
        with connection.cursor() as cursor:
            for way in ("indexscan", "indexonlyscan", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        faults = " ".join(fault_of(sql) for page, sql in found if page in LISTS)
        assert all(table in faults for table in ("customers_customer", "reviews_case", "audit_auditevent"))
    many = counts(world)
    assert {page: count for page, count in many.items() if count > few[page] + KINDS_OF_THINGS} == {}
