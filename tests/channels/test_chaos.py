"""Workers killed at random while providers misbehave: everybody hears exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.services import send_due, sweep
from tenants.models import Tenant
from tests.channels.conftest import Queue, Weather, count, end_leases
from tests.conftest import ROOT

MESSAGES = 160
KILLS = 3
WORKER = """
import sys, time, datetime, django
django.setup()
from channels.protocols import Channel
from channels.services import send_due, sweep
from tenants.scoping import tenant_context
tenant_id = int(sys.argv[1])
while True:
    with tenant_context(tenant_id):
        now = datetime.datetime.now(datetime.UTC)
        for channel in (Channel.LINE, Channel.SMS):
            send_due(tenant_id=tenant_id, channel=channel, now=now)
        sweep(now=now)
    time.sleep(0.05)
"""


def start_worker(environment: dict[str, str], tenant_id: int) -> subprocess.Popen[bytes]:
    """A process that sends until it is killed."""
    command = [sys.executable, "-c", WORKER, str(tenant_id)]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)


def wait_for_work(seconds: float = 30) -> None:
    """Until a worker has something in hand; not for ever, because in the end there is nothing left."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and count(DeliveryAttempt, status="QUEUED"):
        if count(DeliveryAttempt, status="SENDING"):
            return
        time.sleep(0.02)


@transaction.atomic
def statuses() -> set[str]:
    """Where the attempts stand."""
    return set(DeliveryAttempt.objects.values_list("status", flat=True).distinct())


@pytest.mark.slow
def test_nobody_hears_twice_and_nobody_is_lost_when_workers_die(
    bank: Tenant, queue: Queue, weather: Weather, process_environment: dict[str, str]
) -> None:
    """S1, in short: kill -9 of a worker again and again; 500 before and after accepting."""
    trouble = {"fail_before": 0.03, "fail_after": 0.05, "rate_limited": 0.02}
    weather.set(request={"line": trouble, "sms": trouble}, latency_ms={"line": [100, 300], "sms": [100, 300]})
    started = datetime.now(UTC)
    for number in range(MESSAGES // 2):
        queue(Channel.LINE, not_before=started, LINE=f"U{number:032x}")
        queue(Channel.SMS, not_before=started, PHONE=f"+8190{number:08d}")
    dice = random.Random(7)
    cut_short = 0
    worker = start_worker(process_environment, bank.pk)
    try:
        for _ in range(KILLS):
            wait_for_work()
            time.sleep(dice.uniform(0, 0.1))
            worker.kill()
            worker.wait()
            cut_short += count(DeliveryAttempt, status="SENDING")
            worker = start_worker(process_environment, bank.pk)
            end_leases()
    finally:
        worker.kill()
        worker.wait()
    end_leases()
    weather.set(request={"line": None, "sms": None})
    for minutes in (1, 3, 20, 21, 45, 46, 80, 81):
        later = datetime.now(UTC) + timedelta(minutes=minutes)
        sweep(now=later)
        for channel in (Channel.LINE, Channel.SMS):
            send_due(tenant_id=bank.pk, channel=channel, now=later)
        end_leases()
    assert cut_short, "the workers died while they were sending"
    heard = Counter(message["to"] for channel in ("line", "sms") for message in weather.messages(channel))
    assert statuses() <= {"ACCEPTED", "DELIVERED"}
    assert len(heard) == MESSAGES
    assert set(heard.values()) == {1}
