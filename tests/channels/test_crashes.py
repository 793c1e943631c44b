"""Crashes at every point of a send, slow workers, and callbacks that overtake: nobody hears twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import transaction

from channels.models import DeliveryAttempt
from channels.posting import hand_over_letters, render_waiting
from channels.protocols import Channel, Failure, Outcome, Receipt, Report
from channels.sending import Claimed, claim_due, hand_over
from channels.services import (
    apply_report,
    expire_unconfirmed,
    print_due,
    reconcile_unknown,
    release_expired_leases,
    send_due,
    settle,
)
from tenants.models import Tenant
from tests.channels.conftest import SYSTEM, Queue, Weather, again, change

Status = DeliveryAttempt.Status
KINDS = [(Channel.LINE, "LINE"), (Channel.LINE, "PHONE"), (Channel.SMS, ""), (Channel.EMAIL, ""), (Channel.POST, "")]
PUSH, NOTIFICATION, SMS, EMAIL, POST = KINDS


class Crash(Exception):
    """The worker dies here."""


@contextmanager
def dying() -> Iterator[None]:
    """A transaction whose worker dies before it commits."""
    with suppress(Crash), transaction.atomic():
        yield
        raise Crash


def claim(channel: Channel, now: datetime) -> Claimed:
    """What a worker does first."""
    if channel == Channel.POST:
        render_waiting(now=now)
    return claim_due(channel=channel, now=now, only_printed=channel == Channel.POST)


def hand(claimed: Claimed, channel: Channel, now: datetime) -> dict[UUID, Receipt | Failure]:
    """What a worker does next."""
    return hand_over_letters(claimed, now=now) if channel == Channel.POST else hand_over(claimed)


def send(bank: Tenant, channel: Channel, now: datetime) -> int:
    """A worker that lives."""
    if channel == Channel.POST:
        return print_due(tenant_id=bank.pk, now=now)
    return send_due(tenant_id=bank.pk, channel=channel, now=now)


def recover(bank: Tenant, attempt: DeliveryAttempt, now: datetime) -> DeliveryAttempt:
    """The lease ends, the sweeper comes by several times, and workers go on."""
    if again(attempt).status == Status.SENDING:
        change(again(attempt), lease_until=datetime.now(UTC) - timedelta(seconds=1))
    channel = Channel(attempt.channel)
    for minutes in (1, 2, 20, 40, 41):
        later = now + timedelta(minutes=minutes)
        release_expired_leases(now=later)
        reconcile_unknown(now=later)
        send(bank, channel, later)
    return again(attempt)


@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_before_the_claim_commits_changes_nothing(
    bank: Tenant, queue: Queue, weather: Weather, kind: tuple[Channel, str]
) -> None:
    """S3, first point."""
    now = datetime.now(UTC)
    attempt = queue(*kind, not_before=now)
    with dying():
        claim(kind[0], now)
    assert (again(attempt).status, again(attempt).tries) == (Status.QUEUED, 0)
    send(bank, kind[0], now)
    assert again(attempt).status == Status.ACCEPTED
    assert len(weather.messages()) == 1


@pytest.mark.parametrize(
    ("kind", "end", "heard"),
    [
        (PUSH, Status.ACCEPTED, 1),  # same key again
        (SMS, Status.ACCEPTED, 1),  # not in the list after 15 minutes, so sent
        (POST, Status.ACCEPTED, 1),  # the shop never got the job
        (EMAIL, Status.FAILED, 0),  # nobody can tell: another channel has its turn
        (NOTIFICATION, Status.UNKNOWN, 0),  # a delivery event may still come for a day
    ],
)
def test_a_crash_after_the_claim_is_recovered(
    bank: Tenant, queue: Queue, weather: Weather, kind: tuple[Channel, str], end: str, heard: int
) -> None:
    """S3, second point: claimed, and nothing handed over."""
    now = datetime.now(UTC)
    attempt = queue(*kind, not_before=now)
    claim(kind[0], now)
    assert again(attempt).status == Status.SENDING
    recovered = recover(bank, attempt, now)
    assert recovered.status in ({end, Status.DELIVERED} if end == Status.ACCEPTED else {end})
    assert len(weather.messages()) == heard


@pytest.mark.parametrize("before_commit", [False, True])
@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (PUSH, Status.ACCEPTED),  # 409
        (SMS, Status.ACCEPTED),  # in the list
        (POST, Status.ACCEPTED),  # the shop knows the job
        (EMAIL, Status.FAILED),
        (NOTIFICATION, Status.UNKNOWN),
    ],
)
def test_a_crash_after_the_provider_accepted_sends_no_second_time(
    bank: Tenant, queue: Queue, weather: Weather, kind: tuple[Channel, str], end: str, before_commit: bool
) -> None:
    """S3, third and fourth point: accepted, and the worker dies before or while it settles."""
    now = datetime.now(UTC)
    attempt = queue(*kind, not_before=now)
    claimed = claim(kind[0], now)
    results = hand(claimed, kind[0], now)
    if before_commit:
        with dying():
            settle(claim=claimed.claim, results=results, now=now)
    recovered = recover(bank, attempt, now)
    assert recovered.status in ({end, Status.DELIVERED} if end == Status.ACCEPTED else {end})
    assert len(weather.messages()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_after_settling_changes_nothing(
    bank: Tenant, queue: Queue, weather: Weather, kind: tuple[Channel, str]
) -> None:
    """S3, last point."""
    now = datetime.now(UTC)
    attempt = queue(*kind, not_before=now)
    send(bank, kind[0], now)
    assert recover(bank, attempt, now).status == Status.ACCEPTED
    assert len(weather.messages()) == 1


def test_a_worker_that_lost_its_lease_settles_nothing(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S8: the second worker's answer stands; the first one's late settle touches no row."""
    attempt = queue(Channel.LINE)
    slow = claim(Channel.LINE, now)
    late = hand(slow, Channel.LINE, now)
    change(again(attempt), lease_until=datetime.now(UTC) - timedelta(seconds=1))
    assert release_expired_leases(now=now) == 1
    quick = claim(Channel.LINE, now)
    assert settle(claim=slow.claim, results=late, now=now) == []
    assert again(attempt).claim == quick.claim
    assert settle(claim=quick.claim, results=hand_over(quick), now=now) == [attempt.pk]
    assert len(weather.messages("line")) == 1


def test_a_lease_that_still_runs_is_not_released(bank: Tenant, queue: Queue, now: datetime) -> None:
    attempt = queue(Channel.SMS)
    claim(Channel.SMS, now)
    assert release_expired_leases(now=now + timedelta(hours=9)) == 0  # by the database's clock, not ours
    assert again(attempt).status == Status.SENDING


def test_two_workers_never_claim_the_same_row(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S8."""
    first, second = queue(Channel.SMS), queue(Channel.SMS, PHONE="+819011112222")
    one = claim_due(channel=Channel.SMS, now=now, limit=1)
    two = claim_due(channel=Channel.SMS, now=now, limit=1)
    assert {a.pk for a in one.attempts} | {a.pk for a in two.attempts} == {first.pk, second.pk}
    assert len(one.attempts) == len(two.attempts) == 1


def test_a_push_is_not_repeated_when_its_key_has_lapsed(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S5."""
    weather.rule("line", "fail_after", first=1)
    attempt = queue(Channel.LINE)
    send(bank, Channel.LINE, now)
    later = now + timedelta(hours=24)
    expire_unconfirmed(now=later)
    send(bank, Channel.LINE, later)
    assert (again(attempt).status, again(attempt).failure_code) == (Status.FAILED, "key_expired")
    assert len(weather.messages("line")) == 1


def test_a_notification_message_nobody_confirmed_within_a_day_was_not_delivered(
    bank: Tenant, queue: Queue, now: datetime
) -> None:
    attempt = queue(*NOTIFICATION)
    send(bank, Channel.LINE, now)
    assert expire_unconfirmed(now=now + timedelta(hours=23)) == 0
    assert expire_unconfirmed(now=now + timedelta(hours=24)) == 1
    assert (again(attempt).status, again(attempt).failure_code) == (Status.FAILED, "undelivered")


def report(attempt: DeliveryAttempt, outcome: Outcome, now: datetime) -> bool:
    """The provider says what became of it."""
    return apply_report(report=Report(attempt.pk, outcome, reference="SM1"), actor=SYSTEM, now=now)


def test_a_report_that_overtakes_the_settle_stands(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S7a."""
    attempt = queue(Channel.SMS)
    claimed = claim(Channel.SMS, now)
    results = hand_over(claimed)
    assert report(attempt, Outcome.DELIVERED, now)
    assert settle(claim=claimed.claim, results=results, now=now) == []
    assert again(attempt).status == Status.DELIVERED


def test_a_report_that_comes_hours_later_stops_the_second_send(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S7b: unknown, queued again after the list stayed empty, and then the first try is reported after all."""
    weather.rule("sms", "fail_before", first=1)
    attempt = queue(Channel.SMS)
    send(bank, Channel.SMS, now)
    reconcile_unknown(now=now + timedelta(minutes=16))
    assert again(attempt).status == Status.QUEUED
    assert report(attempt, Outcome.DELIVERED, now + timedelta(hours=2))
    assert again(attempt).status == Status.DELIVERED
    assert send(bank, Channel.SMS, now + timedelta(hours=2)) == 0
    assert weather.messages("sms") == []


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ((Outcome.DELIVERED, Outcome.ACCEPTED), Status.DELIVERED),
        ((Outcome.FAILED, Outcome.DELIVERED), Status.FAILED),
        ((Outcome.DELIVERED, Outcome.FAILED), Status.DELIVERED),
        ((Outcome.DELIVERED, Outcome.DELIVERED), Status.DELIVERED),
        ((Outcome.DELIVERED, Outcome.RETURNED, Outcome.DELIVERED), Status.RETURNED),
    ],
)
def test_a_late_report_never_moves_a_status_backwards(
    bank: Tenant, queue: Queue, now: datetime, told: tuple[Outcome, ...], end: str
) -> None:
    """S7, S18: repeats and reports out of order."""
    attempt = queue(Channel.SMS)
    send(bank, Channel.SMS, now)
    for outcome in told:
        assert report(attempt, outcome, now)
    assert again(attempt).status == end
