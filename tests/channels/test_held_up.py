"""Workers that are stopped and go on too late: what they had in hand is no longer theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.sending import AT_ONCE_ELSEWHERE, BEGINS_WITHIN
from channels.services import reconcile_unknown, release_expired_leases, send_due
from tenants.models import Tenant
from tests.channels.conftest import Queue, Weather, count, end_leases
from tests.conftest import ROOT

HURRY = 30
MESSAGES = AT_ONCE_ELSEWHERE + 8
ONE_ROUND = """
import sys, datetime, django
django.setup()
from channels.protocols import Channel
import channels.providers.twilio
from channels.services import send_due
send_due(tenant_id=int(sys.argv[1]), channel=Channel(sys.argv[2]), now=datetime.datetime.now(datetime.UTC))
"""


def wait_until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("hurry", [HURRY, 1])
def test_a_worker_stopped_beyond_its_lease_hands_over_nothing_more(
    bank: Tenant, queue: Queue, weather: Weather, process_environment: dict[str, str], hurry: int
) -> None:
    """S10: SIGSTOP with the first messages on the way and others in hand, which another worker sends meanwhile.

    Control: by a clock that gives it 30 times as long it believes that they are still its own.
    """
    weather.set(request={"sms": {"timeout_after": 1.0}}, timeout_ms=600_000)
    due = datetime.now(UTC)
    for number in range(MESSAGES):
        queue(Channel.SMS, not_before=due, PHONE=f"+8190{number:08d}")
    command = [sys.executable, "-c", ONE_ROUND, str(bank.pk), "SMS"]
    environment = {**process_environment, "DELIVERY_HURRY": str(hurry)}
    worker = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: len(weather.messages("sms")) == AT_ONCE_ELSEWHERE)
        os.kill(worker.pid, signal.SIGSTOP)
        weather.set(request={"sms": None}, timeout_ms=0)
        time.sleep(BEGINS_WITHIN.total_seconds() / HURRY + 0.2)
        end_leases()
        release_expired_leases(now=due)
        for minutes in (1, 17):
            reconcile_unknown(now=datetime.now(UTC) + timedelta(minutes=minutes))
        assert send_due(tenant_id=bank.pk, channel=Channel.SMS, now=datetime.now(UTC) + timedelta(minutes=18)) == 8
        os.kill(worker.pid, signal.SIGCONT)
        assert worker.wait(30) == 0
    finally:
        worker.kill()
        worker.wait()
    heard = Counter(message["to"] for message in weather.messages("sms"))
    assert len(heard) == MESSAGES
    assert set(heard.values()) == ({1} if hurry > 1 else {1, 2})
    assert count(DeliveryAttempt, status__in=("ACCEPTED", "DELIVERED")) == MESSAGES, (
        "what it settled late changed nothing"
    )
