"""Crashes at every point of a send, slow workers, and callbacks that overtake: nobody hears twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

import pytest
from django.db import transaction

from audit.models import AuditEvent
from channels.afterwards import Fate, Point, Way, table
from channels.models import DeliveryAttempt
from channels.posting import hand_over_letters, render_waiting
from channels.protocols import Channel, Failure, Outcome, PermanentFailure, Receipt, Report
from channels.sending import WAVE, Claimed, begin, claim_due, hand_over, send_claimed
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
from tests.channels.conftest import SYSTEM, Queue, Weather, again, change, count, end_leases

Status = DeliveryAttempt.Status
KINDS = [(Channel.LINE, "LINE"), (Channel.LINE, "PHONE"), (Channel.SMS, ""), (Channel.EMAIL, ""), (Channel.POST, "")]
PUSH, NOTIFICATION, SMS, EMAIL, POST = KINDS
KIND_OF = dict(zip((Way.PUSH, Way.NOTIFICATION, Way.SMS, Way.EMAIL, Way.POST), KINDS, strict=True))


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
    for minutes in (1, 2, 20, 40, 41, 60 * 24):
        later = now + timedelta(minutes=minutes)
        release_expired_leases(now=later)
        reconcile_unknown(now=later)
        send(bank, channel, later)
    return again(attempt)


def crash(attempt: DeliveryAttempt, channel: Channel, point: Point, now: datetime) -> None:
    """A worker begins, and dies exactly here."""
    if point == Point.BEFORE_CLAIM:
        with dying():
            claim(channel, now)
        return
    claimed = claim(channel, now)
    if point == Point.CLAIMED:
        return
    with transaction.atomic():
        assert begin(claimed.attempts, claim=claimed.claim) == claimed.attempts
    if point == Point.BEGUN:
        return
    results = hand(claimed, channel, now)
    if point == Point.BEFORE_SETTLE:
        with dying():
            settle(claim=claimed.claim, results=results, now=now)
    elif point == Point.AFTER_SETTLE:
        settle(claim=claimed.claim, results=results, now=now)


@transaction.atomic
def passed(attempt: DeliveryAttempt) -> list[str]:
    """The statuses the attempt has had, by the trail; delivered counts as accepted, which it goes beyond."""
    acts = AuditEvent.objects.filter(kind="ACT", target_id=str(attempt.pk), event__startswith="deliveryattempt.")
    named = [event.partition(".")[2].upper() for event in acts.order_by("id").values_list("event", flat=True)]
    taken = [str(Status.ACCEPTED) if status == Status.DELIVERED else status for status in named]
    return [status for status, _ in groupby(taken)]


@pytest.mark.parametrize(("way", "point", "fate"), [row for row in table() if row[0] in KIND_OF], ids=str)
def test_every_crash_ends_as_the_table_says(
    bank: Tenant, queue: Queue, weather: Weather, way: Way, point: Point, fate: Fate
) -> None:
    """S3: the five points on every channel. docs/sending.md is written from the same table."""
    now = datetime.now(UTC)
    kind = KIND_OF[way]
    attempt = queue(*kind, not_before=now)
    crash(attempt, kind[0], point, now)
    before = passed(attempt)
    assert (again(attempt).status, before[-1]) == (fate.found, fate.found)
    recover(bank, attempt, now)
    expire_unconfirmed(now=now + timedelta(hours=23))
    assert tuple(passed(attempt)[len(before) - 1 :]) == fate.path
    assert len(weather.messages()) == fate.sends


def queue_mails(queue: Queue, wanted: int) -> None:
    """To as many mailboxes."""
    for number in range(wanted):
        queue(Channel.EMAIL, EMAIL=f"customer-{number}@example.jp")


def found(**wanted: object) -> int:
    """How many attempts are like this."""
    return count(DeliveryAttempt, **wanted)


def test_a_worker_that_dies_in_a_wave_leaves_that_wave_in_doubt_and_no_other(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """The wave before is settled, the wave after goes again at once, and its try does not count."""
    queue_mails(queue, 2 * WAVE + 3)
    claimed = claim(Channel.EMAIL, now)
    first, second = claimed.attempts[:WAVE], claimed.attempts[WAVE : 2 * WAVE]
    send_claimed(replace(claimed, attempts=first), now=now)
    with transaction.atomic():
        begin(second, claim=claimed.claim)
    end_leases()
    release_expired_leases(now=now)
    assert found(status=Status.ACCEPTED, begun_at__isnull=False) == WAVE
    assert found(status=Status.UNKNOWN) == WAVE
    assert found(status=Status.QUEUED, tries=0, claim=None) == 3
    assert send(bank, Channel.EMAIL, now) == 3
    assert found(status=Status.ACCEPTED, tries=1) == WAVE + 3
    assert len(weather.messages("email")) == WAVE + 3


def test_a_batch_of_mails_begins_wave_by_wave(bank: Tenant, queue: Queue, now: datetime) -> None:
    queue_mails(queue, WAVE + 2)
    assert send(bank, Channel.EMAIL, now) == WAVE + 2
    with transaction.atomic():
        times = DeliveryAttempt.objects.order_by("begun_at").values_list("begun_at", flat=True)
        assert [len(list(wave)) for _, wave in groupby(times)] == [WAVE, 2]


def test_what_another_worker_has_meanwhile_does_not_begin(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S10: a worker that was held up past its lease finds, wave by wave, that the rest is not its own any more."""
    queue_mails(queue, 2)
    slow = claim(Channel.EMAIL, now)
    end_leases()
    release_expired_leases(now=now)
    quick = claim_due(channel=Channel.EMAIL, now=now, limit=1)
    send_claimed(slow, now=now)
    assert weather.messages("email") == []
    send_claimed(quick, now=now)
    assert len(weather.messages("email")) == 1


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


@pytest.mark.parametrize("kind", [NOTIFICATION, SMS, EMAIL, POST])
@pytest.mark.parametrize("is_taken", [True, False])
def test_an_answer_after_the_lease_ends_the_doubt(
    bank: Tenant, queue: Queue, now: datetime, kind: tuple[Channel, str], is_taken: bool
) -> None:
    """S10: the worker was held up, and what it heard is the only thing anybody knows."""
    attempt = queue(*kind)
    slow = claim(kind[0], now)
    with transaction.atomic():
        begin(slow.attempts, claim=slow.claim)
    end_leases()
    release_expired_leases(now=now)
    assert again(attempt).status == Status.UNKNOWN
    answer = Receipt("0123") if is_taken else PermanentFailure("550")
    assert settle(claim=slow.claim, results={attempt.pk: answer}, now=now) == [attempt.pk]
    settled = again(attempt)
    assert settled.status == (Status.ACCEPTED if is_taken else Status.FAILED)
    assert settled.provider_reference == ("0123" if is_taken else "")


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
