"""T16, T17, S12 on a real broker with a real worker: no message chooses its tenant, no step loses it, no junk kills."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import chain, chord, group
from django.conf import settings
from django.core import signing

from audit.acting import acting
from audit.models import AuditEvent
from audit.services import Actor
from tenants.messages import HEADER
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import ROOT

ANNA = Actor.user(7)
QUEUE = "default"


@pytest.fixture(scope="module")
def errands(servers: Any) -> Any:
    """The tests' tasks, on the broker of the run."""
    from cdd.celery import app

    was = {key: app.conf[key] for key in ("result_backend", "task_ignore_result", "beat_schedule")}
    url = app.conf.broker_url
    from tests.tenants import errands

    app.conf.update(result_backend=url)
    _forget_backend(app)
    yield errands
    _hang_up(app.backend)
    app.conf.update(was)
    _forget_backend(app)


def _hang_up(backend: Any) -> None:
    """Close what listens for results: collected later, it would look for a server that has gone, for 20 seconds."""
    consumer = backend.result_consumer
    consumer.subscribed_to.clear()
    consumer.stop()
    backend.client.connection_pool.disconnect()


def _forget_backend(app: Any) -> None:
    """Celery keeps the one it made for the settings of its first message, which may have been another test's."""
    app._backend_cache = None
    app._local.__dict__.pop("backend", None)


@pytest.fixture(scope="module")
def worker(
    process_environment: dict[str, str], place: Path, errands: Any
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """One worker for the module, and its log."""
    log = place / "errands.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "tests.tenants.errands", "worker"),
                *("--queues", QUEUE, "--concurrency", "1", "--loglevel", "INFO"),
            ],
            cwd=ROOT,
            env=process_environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    broker().delete(QUEUE)
    assert eventually(lambda: " ready." in log.read_text(), seconds=60), log.read_text()[-3000:]
    yield process, log
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL)


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def marks(tenant: Tenant) -> list[tuple[str, str]]:
    """(step, actor) of every errand that ran as the tenant."""
    with tenant_scope(tenant.pk):
        events = AuditEvent.objects.filter(event__startswith="errand.").order_by("id")
        return [(e.event.removeprefix("errand."), f"{e.actor_kind}:{e.actor_id}") for e in events]


def did(tenant: Tenant, *steps: str) -> bool:
    return eventually(lambda: sorted(marks(tenant)) == sorted((step, str(ANNA)) for step in steps))


def refusals(log: Path) -> int:
    return log.read_text().count("task.refused")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("canvas", "steps"),
    [
        (lambda e: e.errand.si(step="alone"), ["alone"]),
        (lambda e: chain(*(e.errand.si(step=f"c{n}") for n in range(3))), ["c0", "c1", "c2"]),
        (lambda e: group(e.errand.si(step=f"g{n}") for n in range(3)), ["g0", "g1", "g2"]),
        (
            lambda e: chord([e.errand.si(step="h0"), e.errand.si(step="h1")], e.errand.s(step="end")),
            ["h0", "h1", "end"],
        ),
        (lambda e: chain(e.errand.si(step="a"), group(e.errand.s(step="b"), e.errand.s(step="c"))), ["a", "b", "c"]),
        (lambda e: e.tries_again.si(step="r"), ["r0", "r1", "r2"]),
        (lambda e: e.on_commit.si(step="later"), ["later"]),
    ],
    ids=["alone", "chain", "group", "chord", "chain of group", "retry", "delay_on_commit"],
)
def test_every_step_runs_as_the_tenant_and_the_actor_that_began_it(
    worker: Any, errands: Any, tenant: Tenant, other_tenant: Tenant, canvas: Any, steps: list[str]
) -> None:
    """T17."""
    with tenant_context(tenant.pk), acting(ANNA):
        canvas(errands).apply_async()

    assert did(tenant, *steps), worker[1].read_text()[-3000:]
    assert marks(other_tenant) == []


def message(errands: Any, tenant: Tenant, step: str) -> dict[str, Any]:
    """A message as our own code puts it out, taken off the queue before a worker sees it."""
    with tenant_context(tenant.pk), acting(ANNA):
        errands.errand.si(step=step).apply_async(queue="aside")
    (raw,) = broker().lrange("aside", 0, -1)
    broker().delete("aside")
    envelope: dict[str, Any] = json.loads(raw)
    envelope["properties"]["delivery_info"]["routing_key"] = QUEUE
    return envelope


def send(envelope: dict[str, Any]) -> None:
    broker().lpush(QUEUE, json.dumps(envelope))


def _absent(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    del envelope["headers"][HEADER]


def _forged(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    claim = [envelope["headers"]["id"], envelope["headers"]["task"], "", 1, "user", "7"]
    envelope["headers"][HEADER] = signing.dumps(claim, key="guessed", salt="tenants.messages")


def _of_another(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    envelope["headers"][HEADER] = theirs["headers"][HEADER]


def _replayed(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    envelope["headers"]["id"] = envelope["properties"]["correlation_id"] = str(uuid4())


def _altered(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    envelope["headers"][HEADER] = "A" + envelope["headers"][HEADER][1:]


def _other_arguments(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    body = json.loads(base64.b64decode(envelope["body"]))
    body[1]["step"] = "altered"
    envelope["body"] = base64.b64encode(json.dumps(body).encode()).decode()


def _not_text(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    envelope["headers"][HEADER] = {"tenant": 1}


def _as_if_eager(envelope: dict[str, Any], theirs: dict[str, Any]) -> None:
    del envelope["headers"][HEADER]
    envelope["headers"] |= {"is_eager": True, "called_directly": True, "delivery_info": {"is_eager": True}}


@pytest.mark.slow
@pytest.mark.parametrize(
    "attack", [_absent, _forged, _of_another, _replayed, _altered, _other_arguments, _not_text, _as_if_eager]
)
def test_a_message_that_does_not_prove_its_tenant_is_refused(
    worker: Any, errands: Any, tenant: Tenant, other_tenant: Tenant, attack: Any
) -> None:
    """T16. Positive control: the same message, left as it was, runs."""
    _, log = worker
    before = refusals(log)
    envelope, theirs = message(errands, tenant, "wrong"), message(errands, other_tenant, "theirs")
    attack(envelope, theirs)
    send(envelope)
    send(message(errands, tenant, "control"))

    assert did(tenant, "control"), marks(tenant)
    assert marks(other_tenant) == []
    assert refusals(log) == before + 1


@pytest.mark.slow
@pytest.mark.parametrize("gone", ["suspended", "deleted"])
def test_work_of_a_tenant_that_left_meanwhile_is_refused(
    worker: Any, errands: Any, tenant: Tenant, other_tenant: Tenant, superuser: Any, gone: str
) -> None:
    """T16."""
    _, log = worker
    before = refusals(log)
    envelope = message(errands, other_tenant, "late")
    if gone == "suspended":
        Tenant.objects.filter(pk=other_tenant.pk).update(status=Tenant.Status.SUSPENDED)
    else:
        superuser.execute("DELETE FROM tenants_tenantkey WHERE tenant_id = %s", [other_tenant.pk])
        superuser.execute("DELETE FROM tenants_tenant WHERE id = %s", [other_tenant.pk])
    send(envelope)

    assert eventually(lambda: refusals(log) == before + 1)
    assert "tenant_not_active" in log.read_text()
    assert marks(other_tenant) == []


@pytest.mark.slow
def test_a_task_put_out_by_nobody_sees_nothing_and_acts_as_the_system(
    worker: Any, errands: Any, tenant: Tenant
) -> None:
    errands.of_nobody.apply_async()
    assert eventually(lambda: marks(tenant) == [("of_nobody", "system:tests")]), worker[1].read_text()[-2000:]
    with tenant_scope(tenant.pk):
        assert AuditEvent.objects.get(event="errand.of_nobody").data == {"count": 0}


JUNK = {
    "no JSON": b"\x00junk{",
    "not UTF-8": b"\xff\xfe\xfa",
    "empty": b"",
    "a list": b"[]",
    "an empty object": b"{}",
    "a number": b"7",
    "null": b"null",
    "no body": b'{"headers": {}, "properties": {"delivery_tag": "x", "delivery_info": {}}}',
    "a body that is no base64": (
        b'{"body": "%%%", "headers": {"id": "1", "task": "t"}, "content-type": "application/json",'
        b' "content-encoding": "utf-8", "properties": {"delivery_tag": "y", "body_encoding": "base64",'
        b' "delivery_info": {"exchange": "", "routing_key": "default"}}}'
    ),
    "a pickle": (
        b'{"body": "gASVAAAAAAAAAE4u", "headers": {"id": "1", "task": "t"},'
        b' "content-type": "application/x-python-serialize", "content-encoding": "binary",'
        b' "properties": {"delivery_tag": "z", "body_encoding": "base64",'
        b' "delivery_info": {"exchange": "", "routing_key": "default"}}}'
    ),
}


@pytest.mark.slow
def test_the_worker_outlives_messages_that_are_none(worker: Any, errands: Any, tenant: Tenant) -> None:
    """S12. kombu alone ends the worker with «Unrecoverable error» at the first of these."""
    process, log = worker
    for junk in JUNK.values():
        broker().lpush(QUEUE, junk)
    with tenant_context(tenant.pk), acting(ANNA):
        errands.errand.si(step="after").apply_async()

    assert did(tenant, "after"), log.read_text()[-3000:]
    assert process.poll() is None
    assert log.read_text().count("broker.unreadable_message") >= 7
    assert "Unrecoverable error" not in log.read_text()
    assert eventually(lambda: broker().llen(QUEUE) == 0)
