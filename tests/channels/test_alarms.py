"""The line stops by itself, says so loudly, and tells people where they look first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.models import DeliveryAttempt
from channels.protocols import Channel, FailureKind, Outcome, Report
from channels.services import apply_report, pause_account, pause_tenant, resume_account, send_due
from channels.tallies import SPIKE
from tenants.models import Tenant, User
from tests.channels.conftest import SYSTEM, Queue, Weather, account_of
from tests.channels.test_sending_pages import StaffClient, open_as


@pytest.fixture
def thirty(bank: Tenant, queue: Queue, now: datetime) -> list[DeliveryAttempt]:
    """Short messages that the provider took."""
    sent = [queue(Channel.SMS, PHONE=f"+8190{number:08d}") for number in range(SPIKE + 10)]
    assert send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now) == SPIKE + 10
    return sent


def report_filtered(attempts: Sequence[DeliveryAttempt], now: datetime) -> None:
    """The carrier's filter ate them, says the provider, one callback each."""
    for attempt in attempts:
        told = Report(attempt.pk, Outcome.FAILED, failure_kind=FailureKind.PERMANENT, code="30007")
        assert apply_report(report=told, actor=SYSTEM, now=now)


def errors(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, object]]:
    """What was logged at ERROR under this name."""
    said = [record.msg for record in caplog.records if record.levelname == "ERROR" and isinstance(record.msg, dict)]
    return [line for line in said if line["event"] == event]


def test_a_spike_that_reports_tell_of_stops_the_line_and_is_logged_by_name(
    bank: Tenant, thirty: list[DeliveryAttempt], now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    """Hours after they were taken; a repeated report counts once."""
    later = now + timedelta(hours=3)
    report_filtered(thirty[: SPIKE - 1], later)
    report_filtered(thirty[: SPIKE - 1], later)
    assert not account_of(Channel.SMS).is_paused
    report_filtered(thirty[SPIKE - 1 : SPIKE], later)
    assert account_of(Channel.SMS).pause_reason == f"spike: {SPIKE} of {SPIKE + 10} refused"
    [line] = errors(caplog, "sending.stopped")
    assert (line["tenant_id"], line["channel"]) == (bank.pk, "SMS")


def test_as_many_refusals_among_many_more_messages_are_no_spike(
    bank: Tenant, thirty: list[DeliveryAttempt], queue: Queue, now: datetime
) -> None:
    for number in range(SPIKE):
        queue(Channel.SMS, PHONE=f"+8180{number:08d}")
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    report_filtered(thirty[:SPIKE], now)
    assert not account_of(Channel.SMS).is_paused


def test_what_a_person_has_looked_at_does_not_stop_the_line_again(
    bank: Tenant, thirty: list[DeliveryAttempt], now: datetime
) -> None:
    report_filtered(thirty[:SPIKE], now)
    resume_account(account=account_of(Channel.SMS), actor=SYSTEM, now=now)
    report_filtered(thirty[SPIKE:], now)
    assert not account_of(Channel.SMS).is_paused


def test_a_suspended_account_that_reports_tell_of_stops_at_once(
    bank: Tenant, thirty: list[DeliveryAttempt], now: datetime
) -> None:
    told = Report(thirty[0].pk, Outcome.FAILED, failure_kind=FailureKind.CONFIGURATION, code="30002")
    apply_report(report=told, actor=SYSTEM, now=now)
    assert account_of(Channel.SMS).pause_reason == "configuration: 30002"


def test_refusals_of_many_small_waves_are_a_spike(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    """Mail leaves in waves that are too small to be one each."""
    weather.rule("email", "reject:550")
    for number in range(40):
        queue(Channel.EMAIL, EMAIL=f"customer-{number}@example.jp")
    send_due(tenant_id=bank.pk, channel=Channel.EMAIL, now=now)
    assert account_of(Channel.EMAIL).pause_reason == "spike: 32 of 32 refused"


def test_the_first_page_tells_what_stands_still_and_leads_to_the_way_out(
    bank: Tenant, staff_client: StaffClient, officer: User, auditor: User
) -> None:
    client = open_as(staff_client, officer)
    assert "Channels that stand still" not in client.get(reverse("home")).content.decode()
    pause_account(account=account_of(Channel.SMS), reason="spike: 20 of 30 refused", actor=SYSTEM, now=timezone.now())
    assert _work(client) == 1
    pause_tenant(reason="restored", actor=SYSTEM, now=timezone.now())
    assert _work(client) == len(Channel)
    assert reverse("sending-resume") in client.get(reverse("sending")).content.decode()
    home = open_as(staff_client, auditor).get(reverse("home")).content.decode()
    assert "Channels that stand still" not in home, "nothing waits for somebody who may not resume"


@transaction.atomic
def _work(client: Client) -> int:
    figures = client.get(reverse("home")).context["figures"]
    return sum(work.count for work in figures.work if work.url == reverse("sending"))
