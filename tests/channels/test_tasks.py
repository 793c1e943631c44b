"""Tasks: from beat to customer, with the broker left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cdd.celery import app
from channels import tasks
from channels.models import DeliveryAttempt
from channels.protocols import Channel
from tenants.models import Tenant
from tests.channels.conftest import Queue, Weather, again

Status = DeliveryAttempt.Status


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are started."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_one_round_of_tasks_sends_what_is_due(bank: Tenant, queue: Queue, weather: Weather, eager: None) -> None:
    """One task a channel with work, none where there is none; a second round finds nothing."""
    attempts = [queue(channel, not_before=datetime(2026, 1, 1, tzinfo=UTC)) for channel in (Channel.SMS, Channel.POST)]
    tasks.dispatch_due()
    assert [again(attempt).status for attempt in attempts] == [Status.ACCEPTED] * 2
    tasks.process_inbox()
    tasks.sweep()
    tasks.dispatch_due()
    assert [again(attempt).tries for attempt in attempts] == [1, 1]
    assert len(weather.messages()) == 2
