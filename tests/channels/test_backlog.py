"""A queue that nobody touches is noticed; one that may not leave, or moves, is not blamed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from cdd.celery import app
from channels import tasks
from channels.backlog import Backlog, backlogs, check_backlogs
from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.services import change_limits, change_rules, pause_account, send_due
from tenants.models import Tenant
from tests.channels.conftest import SYSTEM, Queue, account_of, again
from tests.channels.test_alarms import errors

HOUR = timedelta(hours=1)


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run where they are started."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@transaction.atomic
def found(now: datetime) -> list[Backlog]:
    return backlogs(now=now)


def test_a_queue_that_nobody_touches_is_an_error_with_its_age(
    bank: Tenant, queue: Queue, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    queue(Channel.SMS)
    later = now + HOUR
    assert found(later) == [Backlog(Channel.SMS, 1, now, is_standing=True)]
    with transaction.atomic():
        check_backlogs(now=later)
    [line] = errors(caplog, "sending.stands_still")
    assert (line["channel"], line["count"], line["seconds"]) == ("SMS", 1, 3600)


def test_a_long_queue_that_moves_does_not_stand_still(bank: Tenant, queue: Queue, now: datetime) -> None:
    queue(Channel.SMS)
    late = now + HOUR
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=late)
    queue(Channel.SMS, PHONE="+819011112222", not_before=now)
    assert found(late) == [Backlog(Channel.SMS, 1, now, is_standing=False)]


def test_what_may_not_leave_is_no_backlog(bank: Tenant, queue: Queue, now: datetime) -> None:
    """A pause, quiet hours until a moment ago, and a quota that is spent."""
    queue(Channel.SMS), queue(Channel.LINE), queue(Channel.EMAIL)
    late = now + HOUR
    pause_account(account=account_of(Channel.SMS), reason="by hand", actor=SYSTEM, now=now)
    change_limits(account=account_of(Channel.LINE), limits={"per_day": 0}, actor=SYSTEM, now=now)
    assert {(one.channel, one.is_standing) for one in found(late)} == {(Channel.LINE, False), (Channel.EMAIL, True)}
    wakes = (late + timedelta(hours=9)).time()
    quiet: dict[str, object] = {"quiet_from": time(0), "quiet_until": wakes}
    change_rules(changes=quiet, actor=SYSTEM, now=now)
    assert found(late) == []


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_workers_own_clock_sends_nothing_early_and_ends_no_lease(
    bank: Tenant, queue: Queue, eager: None, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """S17: an hour ahead or behind; all workers go by the database's clock."""
    real = datetime.now(UTC)
    early, due = (
        queue(Channel.SMS, not_before=real + HOUR / 2),
        queue(Channel.SMS, not_before=real, PHONE="+819011112222"),
    )
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + hours * HOUR)
    tasks.dispatch_due()
    assert again(due).status == DeliveryAttempt.Status.ACCEPTED
    assert again(early).status == DeliveryAttempt.Status.QUEUED
    accepted_at = again(due).accepted_at
    assert accepted_at is not None
    assert abs(accepted_at - real) < HOUR / 2
