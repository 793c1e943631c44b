"""What may leave now: pauses, quiet hours, rates, quotas, the contact budget."""

from __future__ import annotations

import time as clock
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import transaction

from audit.models import AuditEvent
from channels.gates import sending_rules
from channels.models import DeliveryAttempt, ProviderAccount
from channels.protocols import Channel
from channels.rates import take, valkey
from channels.selectors import channels_with_work
from channels.sending import claim_due
from channels.services import (
    NoticeRequest,
    change_limits,
    change_rules,
    hold_group,
    pause_tenant,
    print_due,
    queue_notices,
    release_group,
    resume_tenant,
    send_due,
)
from customers.models import ContactPoint, Customer
from tenants.models import Tenant
from tests.channels.conftest import POINT_OF, SYSTEM, MakeCustomer, Queue, account_of, again, change, request_for

Status = DeliveryAttempt.Status


def rule(now: datetime, **changes: object) -> None:
    change_rules(changes=changes, actor=SYSTEM, now=now)


def limit(channel: Channel, now: datetime, **limits: int | None) -> ProviderAccount:
    account = account_of(channel)
    change_limits(account=account, limits=limits, actor=SYSTEM, now=now)
    return account


def send(bank: Tenant, channel: Channel, now: datetime) -> int:
    return send_due(tenant_id=bank.pk, channel=channel, now=now)


@transaction.atomic
def with_work(now: datetime) -> list[Channel]:
    return channels_with_work(now=now)


@transaction.atomic
def notify(customer: Customer, channel: Channel, now: datetime, group: UUID | None = None) -> DeliveryAttempt:
    point = ContactPoint.objects.get(customer=customer, channel=POINT_OF[channel])
    asked = request_for(customer, channel, point, uuid4())
    fields = {name: getattr(asked, name) for name in NoticeRequest.__slots__}
    return queue_notices(requests=[NoticeRequest(**{**fields, "group": group})], actor=SYSTEM, now=now)[0]


def test_a_paused_tenant_sends_nothing_by_any_channel_until_it_is_resumed(
    bank: Tenant, queue: Queue, now: datetime
) -> None:
    """S14."""
    attempts = {channel: queue(channel) for channel in Channel}
    pause_tenant(reason="by hand", actor=SYSTEM, now=now)
    assert with_work(now) == []
    assert [send(bank, channel, now) for channel in (Channel.LINE, Channel.SMS, Channel.EMAIL)] == [0, 0, 0]
    assert print_due(tenant_id=bank.pk, now=now) == 0
    assert {again(attempt).status for attempt in attempts.values()} == {Status.QUEUED}
    resume_tenant(actor=SYSTEM, now=now)
    assert with_work(now) == list(Channel)
    assert send(bank, Channel.SMS, now) == 1


def test_nothing_of_a_held_group_is_claimed_and_everything_else_is(
    bank: Tenant, make_customer: MakeCustomer, now: datetime
) -> None:
    """S14."""
    group = uuid4()
    held = notify(make_customer(), Channel.SMS, now, group)
    free = notify(make_customer(PHONE="+819087654321"), Channel.SMS, now, uuid4())
    loose = notify(make_customer(PHONE="+819087654322"), Channel.SMS, now)
    hold_group(group=group, now=now)
    assert send(bank, Channel.SMS, now) == 2
    assert with_work(now) == []
    assert [again(a).status for a in (held, free, loose)] == [Status.QUEUED, Status.ACCEPTED, Status.ACCEPTED]
    release_group(group=group)
    assert send(bank, Channel.SMS, now) == 1


def test_a_message_due_at_night_leaves_in_the_morning(bank: Tenant, queue: Queue, now: datetime) -> None:
    """S17: noon in Tokyo is open, ten at night is not, eight in the morning is; a letter has no hours."""
    rule(now, quiet_from=time(21), quiet_until=time(8))
    attempt, letter = queue(Channel.SMS), queue(Channel.POST)
    night = now + timedelta(hours=10)
    assert with_work(night) == [Channel.POST]
    assert send(bank, Channel.SMS, night) == 0
    assert print_due(tenant_id=bank.pk, now=night) == 1
    assert send(bank, Channel.SMS, now + timedelta(hours=20)) == 1
    assert (again(attempt).status, again(letter).status) == (Status.ACCEPTED, Status.ACCEPTED)


def test_a_tenant_begins_with_the_settings_defaults(
    bank: Tenant, queue: Queue, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DEFAULT_QUIET_HOURS", (time(11), time(13)))
    queue(Channel.SMS)
    assert send(bank, Channel.SMS, now) == 0
    rule(now, quiet_from=None, quiet_until=None)
    assert send(bank, Channel.SMS, now) == 1


def test_one_person_gets_no_more_than_the_budget_and_the_rest_is_put_off(
    bank: Tenant, make_customer: MakeCustomer, now: datetime
) -> None:
    """Over channels and campaigns; somebody else's messages do not count."""
    rule(now, budget=2, budget_days=7)
    person, other = make_customer(), make_customer(PHONE="+819087654321")
    first = notify(person, Channel.LINE, now, uuid4())
    send(bank, Channel.LINE, now)
    later = now + timedelta(hours=1)
    second, third = (notify(person, Channel.SMS, later, uuid4()) for _ in range(2))
    fourth = notify(other, Channel.SMS, later)
    assert send(bank, Channel.SMS, later) == 2
    assert [again(a).status for a in (first, second, fourth)] == [Status.ACCEPTED] * 3
    waiting = again(third)
    assert (waiting.status, waiting.not_before) == (Status.QUEUED, now + timedelta(days=7))
    assert send(bank, Channel.SMS, now + timedelta(days=7)) == 1


def test_a_letter_is_no_message_unless_the_tenant_says_so(
    bank: Tenant, make_customer: MakeCustomer, now: datetime
) -> None:
    rule(now, budget=1)
    person = make_customer()
    notify(person, Channel.POST, now)
    assert print_due(tenant_id=bank.pk, now=now) == 1
    message = notify(person, Channel.SMS, now)
    rule(now, budget_counts_letters=True)
    assert send(bank, Channel.SMS, now) == 0
    change(again(message), not_before=now)
    rule(now, budget_counts_letters=False)
    assert send(bank, Channel.SMS, now) == 1


def test_what_never_arrived_does_not_use_up_the_budget(
    bank: Tenant, make_customer: MakeCustomer, now: datetime
) -> None:
    rule(now, budget=1)
    person = make_customer()
    lost = notify(person, Channel.LINE, now)
    send(bank, Channel.LINE, now)
    change(again(lost), status=Status.FAILED, failure_kind="permanent")
    notify(person, Channel.SMS, now)
    assert send(bank, Channel.SMS, now) == 1


def test_a_daily_quota_ends_at_midnight_in_japan(bank: Tenant, queue: Queue, now: datetime) -> None:
    limit(Channel.SMS, now, per_day=3)
    for number in range(5):
        queue(Channel.SMS, PHONE=f"+8190{number:08d}")
    assert send(bank, Channel.SMS, now) == 3
    assert send(bank, Channel.SMS, now + timedelta(hours=11, minutes=59)) == 0
    assert send(bank, Channel.SMS, now + timedelta(hours=12)) == 2


def test_a_monthly_quota_lasts_for_the_month(bank: Tenant, queue: Queue, now: datetime) -> None:
    limit(Channel.SMS, now, per_month=1)
    for number in range(2):
        queue(Channel.SMS, PHONE=f"+8190{number:08d}")
    assert send(bank, Channel.SMS, now) == 1
    assert send(bank, Channel.SMS, now + timedelta(days=6)) == 0
    assert send(bank, Channel.SMS, now + timedelta(days=7)) == 1


def test_no_more_batches_are_in_flight_than_the_account_takes(bank: Tenant, queue: Queue, now: datetime) -> None:
    limit(Channel.SMS, now, batches_at_once=1)
    for number in range(2):
        queue(Channel.SMS, PHONE=f"+8190{number:08d}")
    assert len(claim_due(channel=Channel.SMS, now=now, limit=1).attempts) == 1
    assert claim_due(channel=Channel.SMS, now=now, limit=1).attempts == []
    limit(Channel.SMS, now, batches_at_once=2)
    assert len(claim_due(channel=Channel.SMS, now=now, limit=1).attempts) == 1


def test_a_rate_is_kept_and_never_made_up_for_at_once(bank: Tenant, queue: Queue, now: datetime) -> None:
    """Ten a second: the bucket begins empty, fills as time passes, and holds three seconds' worth at most."""
    account = limit(Channel.SMS, now, per_minute=600)
    queue(Channel.SMS)
    assert send(bank, Channel.SMS, now) == 0
    bucket = f"keizoku:rate:{account.pk}"
    valkey().hset(bucket, mapping={"tokens": 0, "at": clock.time() - 1})
    assert 10 <= take(account.pk, per_minute=600, wanted=60) <= 30
    valkey().hset(bucket, mapping={"tokens": 0, "at": clock.time() - 3600})
    assert take(account.pk, per_minute=600, wanted=60) == 30
    valkey().hset(bucket, mapping={"tokens": 0, "at": clock.time() - 1})
    assert send(bank, Channel.SMS, now) == 1


def test_a_limited_channel_stands_still_without_valkey(
    bank: Tenant, queue: Queue, now: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And goes on, at its rate, when it is back."""
    account = limit(Channel.SMS, now, per_minute=600)
    attempt = queue(Channel.SMS)
    with monkeypatch.context() as patch:
        patch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
        assert send(bank, Channel.SMS, now) == 0
    assert str(account.pk) in caplog.text
    assert again(attempt).status == Status.QUEUED
    send(bank, Channel.SMS, now)
    clock.sleep(0.2)
    assert send(bank, Channel.SMS, now) == 1


def test_rules_and_limits_are_changed_with_a_record(bank: Tenant, now: datetime) -> None:
    rule(now, budget=3)
    rule(now, budget=3)
    limit(Channel.SMS, now, per_day=3)
    with transaction.atomic():
        assert sending_rules().budget == 3
        events = list(AuditEvent.objects.filter(kind="ACT").order_by("id").values_list("event", flat=True))
    assert events[-2:] == ["sendingrules.changed", "provideraccount.limits_changed"]
