"""With real Celery on a real broker: the rows are the queue, so the broker may be killed and emptied."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
import redis
from django.conf import settings

from audit.models import AuditEvent
from audit.services import Actor
from cdd.servers import EmbeddedServers
from customers.models import Customer, CustomerImport
from customers.services import start_import
from risk.services import publish_default_policy
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import NOW, ROOT, SYSTEM
from tests.customers.books import book, company, person, upload

QUEUES = "default,delivery,letters,bulk"


@pytest.fixture
def worker(
    servers: EmbeddedServers, process_environment: dict[str, str], tmp_path: Path, tenant: Tenant
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with its own beat, as an operator runs them, in one process tree."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "cdd", "worker", "--beat", "--queues", QUEUES),
            *("--schedule", str(tmp_path / "schedule"), "--concurrency", "1", "--loglevel", "WARNING"),
        ],
        cwd=ROOT,
        env=process_environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def uploaded(tenant: Tenant, content: bytes) -> UUID:
    with tenant_scope(tenant.pk):
        return start_import(file=upload(content), filename="顧客.csv", actor=Actor.user(7), now=NOW).pk


def is_completed(tenant: Tenant, pk: UUID) -> bool:
    with tenant_scope(tenant.pk):
        found: CustomerImport = CustomerImport.objects.get(pk=pk)
        return found.status == CustomerImport.Status.COMPLETED


def eventually(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.slow
def test_work_goes_on_after_the_broker_was_killed_and_emptied(
    place: Path, worker: subprocess.Popen[bytes], tenant: Tenant
) -> None:
    """S12: wake-ups are lost, work is not; nothing is done twice."""
    with tenant_scope(tenant.pk):
        publish_default_policy(actor=SYSTEM, now=NOW)
    first = uploaded(tenant, book(person()))
    assert eventually(lambda: is_completed(tenant, first)), "control: the worker works"

    os.kill(int(broker().info("server")["process_id"]), signal.SIGKILL)
    second = uploaded(tenant, book(person(), company()))
    time.sleep(4)
    assert not is_completed(tenant, second), "control: without a broker nobody wakes"
    with EmbeddedServers(place / "servers", durable=False):  # starts what does not run
        broker().flushall()

    assert eventually(lambda: is_completed(tenant, second))
    with tenant_scope(tenant.pk):
        assert Customer.objects.count() == 2
        arrivals = AuditEvent.objects.filter(event="customerimport.completed")
        assert sorted(arrivals.values_list("target_id", flat=True)) == sorted([str(first), str(second)])
    assert eventually(lambda: all_rated(tenant)), "rating follows by itself"
    assert worker.poll() is None


def all_rated(tenant: Tenant) -> bool:
    with tenant_scope(tenant.pk):
        return not Customer.objects.filter(is_rating_due=True).exists()
