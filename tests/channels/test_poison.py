"""S11: a message that never goes through ends and takes no other with it; what may have arrived did not fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from channels.models import DeliveryAttempt
from channels.posting import hand_over_letters, render_waiting
from channels.protocols import Channel, Message, Receipt
from channels.providers.line import LineProvider
from channels.recovering import MAX_LOSSES
from channels.sending import SUSPECT, claim_due, send_claimed
from channels.services import expire_unconfirmed, reconcile_unknown, release_expired_leases, send_due, settle
from channels.settling import BACKOFF, MAX_TRIES
from tenants.keys import KeysUnavailable
from tenants.models import Tenant
from tests.channels.conftest import PHONE, Queue, Weather, again, end_leases

Status = DeliveryAttempt.Status
TAKEN = (Status.ACCEPTED, Status.DELIVERED)


def work(deadly: UUID, channel: Channel, now: datetime) -> list[UUID]:
    """A worker that dies over one message, wherever it meets it, and what is then done about its batch.

    Returns what it had in hand.
    """
    is_post = channel == Channel.POST
    if is_post:
        render_waiting(now=now)
    claimed = claim_due(channel=channel, now=now, only_printed=is_post)
    ids = [attempt.pk for attempt in claimed.attempts]
    if deadly in ids:
        end_leases()
        release_expired_leases(now=now)
        reconcile_unknown(now=now + timedelta(minutes=2))
        reconcile_unknown(now=now + timedelta(minutes=20))
    elif is_post and ids:
        settle(claim=claimed.claim, results=hand_over_letters(claimed, now=now), now=now)
    elif ids:
        send_claimed(claimed, now=now)
    return ids


@pytest.mark.parametrize("channel", [Channel.LINE, Channel.SMS, Channel.POST])
def test_a_message_that_kills_its_workers_is_set_aside_and_the_others_leave(
    bank: Tenant, queue: Queue, weather: Weather, channel: Channel
) -> None:
    """Twice together, then alone until there is no doubt which one it is."""
    now = datetime.now(UTC)
    others = [queue(channel, not_before=now) for _ in range(2)]
    deadly = queue(channel, not_before=now)
    others += [queue(channel, not_before=now) for _ in range(2)]
    held = [work(deadly.pk, channel, now + timedelta(minutes=30 * turn)) for turn in range(SUSPECT + 5 + MAX_TRIES)]
    dead = [ids for ids in held if deadly.pk in ids]
    assert [len(ids) for ids in dead] == [5] * SUSPECT + [1] * MAX_TRIES
    ended = again(deadly)
    assert (ended.status, ended.failure_kind, ended.losses) == (Status.FAILED, "poison", MAX_LOSSES)
    assert all(again(other).status in TAKEN for other in others)
    assert len(weather.messages()) == len(others)


def test_a_push_that_may_have_arrived_is_asked_for_until_line_answers(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    """S4: taken, and then more errors than any other message is allowed. It did not fail, and is not called failed."""
    weather.rule("line", "fail_after", first=1)
    attempt = queue(Channel.LINE)
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    weather.rule("line", "fail_before")
    for half_hour in range(1, MAX_TRIES + 3):
        send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now + half_hour * BACKOFF[-1])
    waiting = again(attempt)
    assert (waiting.status, waiting.tries) == (Status.QUEUED, MAX_TRIES + 3)
    weather.set(rules=[])
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now + timedelta(hours=6))
    assert again(attempt).status == Status.ACCEPTED
    assert len(weather.messages("line")) == 1


def test_a_push_that_line_never_answers_ends_in_doubt_when_its_key_is_old(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime
) -> None:
    weather.rule("line", "fail_after")
    attempt = queue(Channel.LINE)
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    expire_unconfirmed(now=now + timedelta(hours=23, minutes=1))
    ended = again(attempt)
    assert (ended.status, ended.failure_kind, ended.failure_code) == (Status.FAILED, "ambiguous", "key_expired")


def test_a_push_that_breaks_the_adapter_is_set_aside(
    bank: Tenant, queue: Queue, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(self: LineProvider, message: Message) -> Receipt:
        raise UnicodeError

    monkeypatch.setattr(LineProvider, "send", send)
    attempt = queue(Channel.LINE)
    for hour in range(MAX_TRIES + 1):
        send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now + timedelta(hours=hour))
    ended = again(attempt)
    assert (ended.status, ended.failure_kind, ended.tries) == (Status.FAILED, "poison", MAX_TRIES)


@pytest.mark.parametrize("channel", [Channel.LINE, Channel.SMS, Channel.EMAIL])
def test_a_message_waits_as_long_as_the_keys_are_away(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime, monkeypatch: pytest.MonkeyPatch, channel: Channel
) -> None:
    """Nothing is wrong with it, however often somebody looks."""

    def away(attempt: DeliveryAttempt) -> Message:
        raise KeysUnavailable

    attempt = queue(channel)
    with monkeypatch.context() as patch:
        patch.setattr("channels.sending.message_of", away)
        for hour in range(MAX_TRIES + 2):
            send_due(tenant_id=bank.pk, channel=channel, now=now + timedelta(hours=hour))
    assert (again(attempt).status, again(attempt).tries) == (Status.QUEUED, 0)
    send_due(tenant_id=bank.pk, channel=channel, now=now + timedelta(hours=8))
    assert again(attempt).status in TAKEN


def test_a_message_that_a_late_worker_did_not_begin_keeps_its_tries(
    bank: Tenant, queue: Queue, weather: Weather, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S10."""
    attempt = queue(Channel.SMS)
    with monkeypatch.context() as patch:
        patch.setattr("channels.sending.BEGINS_WITHIN", timedelta(seconds=-1))
        for hour in range(MAX_TRIES + 2):
            send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now + timedelta(hours=hour))
    assert (again(attempt).status, again(attempt).tries) == (Status.QUEUED, 0)
    assert not weather.messages()
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now + timedelta(hours=8))
    assert again(attempt).status in TAKEN


def test_the_fifth_failure_sets_a_message_aside(bank: Tenant, queue: Queue, weather: Weather, now: datetime) -> None:
    """A row that never goes through ends, and the others are not held up."""
    weather.rule("sms", "rate_limited", equals=PHONE)
    bad, good = queue(Channel.SMS), queue(Channel.SMS, PHONE="+819087654321")
    for hour in range(MAX_TRIES + 1):
        send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now + timedelta(hours=hour))
    ended = again(bad)
    assert (ended.status, ended.failure_kind, ended.tries) == (Status.FAILED, "poison", MAX_TRIES)
    assert again(good).status == Status.ACCEPTED
