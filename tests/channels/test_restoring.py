"""S16: a restored database sends nothing again, and nothing at all until a person says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connections, transaction

from channels.gates import sending_rules
from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.rates import valkey
from channels.services import print_due, reconcile_unknown, resume_tenant, send_due, sweep
from tenants.models import Tenant
from tests.channels.conftest import SYSTEM, Queue, Weather, again

Status = DeliveryAttempt.Status
TABLES = ("channels_deliveryattempt", "channels_letter", "audit_auditevent")


class Backup:
    """What the tables of sending held at one moment, put back later."""

    def __init__(self, superuser: psycopg.Connection) -> None:
        self.superuser = superuser
        for table in TABLES:
            superuser.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")

    def restore(self) -> None:
        connections.close_all()
        with self.superuser.transaction():
            self.superuser.execute("SET LOCAL session_replication_role = replica")
            for table in reversed(TABLES):
                self.superuser.execute(f"DELETE FROM {table}")
                self.superuser.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE backup_{table}")

    def remove(self) -> None:
        for table in TABLES:
            self.superuser.execute(f"DROP TABLE backup_{table}")


@pytest.fixture
def attempts(bank: Tenant, queue: Queue) -> dict[Channel, DeliveryAttempt]:
    """One of each channel, due now."""
    now = datetime.now(UTC)
    return {channel: queue(channel, not_before=now) for channel in Channel}


@pytest.fixture
def backup(attempts: dict[Channel, DeliveryAttempt], superuser: psycopg.Connection) -> Iterator[Backup]:
    """Taken before anything is sent."""
    made = Backup(superuser)
    yield made
    made.remove()


def send_all(bank: Tenant, now: datetime) -> int:
    sent = sum(send_due(tenant_id=bank.pk, channel=channel, now=now) for channel in Channel if channel != Channel.POST)
    return sent + print_due(tenant_id=bank.pk, now=now)


def heard(weather: Weather) -> Counter[str]:
    return Counter(str(message["channel"]) for message in weather.messages())


@transaction.atomic
def pause_reason() -> str:
    return str(sending_rules().pause_reason)


def test_nothing_leaves_after_a_restore_until_a_person_resumes_and_nobody_hears_twice(
    bank: Tenant,
    attempts: dict[Channel, DeliveryAttempt],
    backup: Backup,
    queue: Queue,
    weather: Weather,
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = datetime.now(UTC)
    assert send_all(bank, now) == 4
    once = heard(weather)
    assert set(once.values()) == {1}

    backup.restore()
    later = queue(Channel.SMS, PHONE="+819087654321", not_before=now + timedelta(seconds=1))
    assert again(attempts[Channel.SMS]).status == Status.QUEUED, "control: the database forgot"
    assert send_all(bank, now + timedelta(seconds=5)) == 0
    assert pause_reason() == "restored"
    assert "older than the last message" in caplog.text
    assert again(attempts[Channel.SMS]).status == Status.UNKNOWN
    assert again(later).status == Status.QUEUED, "what was not due before the restore cannot have been sent"

    sweep(now=now + timedelta(minutes=1))
    assert again(attempts[Channel.SMS]).status in (Status.ACCEPTED, Status.DELIVERED), "the provider knows it"
    assert send_all(bank, now + timedelta(minutes=2)) == 0

    resume_tenant(actor=SYSTEM, now=now)
    for minutes in (3, 20, 45, 46):
        send_all(bank, now + timedelta(minutes=minutes))
        sweep(now=now + timedelta(minutes=minutes))
    assert heard(weather) == once + Counter({"sms": 1}), "only the message that had not been sent"
    assert again(attempts[Channel.LINE]).status == Status.ACCEPTED, "a repeat under its key is the first"
    assert again(attempts[Channel.POST]).status == Status.UNKNOWN, "the shop may still report the piece"
    reconcile_unknown(now=now + timedelta(days=4))
    letter = again(attempts[Channel.POST])
    assert (letter.status, letter.failure_code) == (Status.FAILED, "no_answer"), "its job is forgotten: a person's turn"


def test_without_the_mark_a_restored_database_would_send_again(
    bank: Tenant, attempts: dict[Channel, DeliveryAttempt], backup: Backup, weather: Weather
) -> None:
    """Positive control."""
    now = datetime.now(UTC)
    send_all(bank, now)
    backup.restore()
    valkey().delete(*valkey().keys("keizoku:claimed:*"))
    send_all(bank, now + timedelta(seconds=5))
    assert heard(weather)["sms"] == 2


def test_a_database_that_remembers_goes_on(bank: Tenant, queue: Queue, now: datetime) -> None:
    for number in range(3):
        queue(Channel.SMS, PHONE=f"+8190{number:08d}")
        assert send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now + timedelta(seconds=number)) == 1
