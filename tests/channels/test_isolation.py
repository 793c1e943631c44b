"""S11: what breaks for one event, account or tenant stays there."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest
from django.db import connections, transaction
from django.test import Client

from channels.models import DeliveryAttempt, ProviderAccount, WebhookEvent
from channels.protocols import Channel
from channels.services import process_inbox, send_due
from tenants.inbox import MAX_TRIES
from tenants.models import Tenant
from tenants.rounds import for_each_tenant
from tenants.scoping import required_tenant_id, tenant_context
from tests.channels.conftest import Queue, account_of, again, post_raw
from tests.channels.test_webhooks import line_call, line_event, path_of

Status = DeliveryAttempt.Status


@pytest.fixture
def broken_account(bank: Tenant) -> ProviderAccount:
    """The bank's SMS account names a provider that this version does not know."""
    with transaction.atomic():
        account = account_of(Channel.SMS)
        account.provider = "gone"
        account.save()
    return account


@transaction.atomic
def keep_event(account: ProviderAccount, name: str, now: datetime) -> WebhookEvent:
    event = WebhookEvent(account=account, provider=account.provider, event_id=name, received_at=now)
    event.body = b"{}"
    event.save()
    return event


@transaction.atomic
def event_again(event: WebhookEvent) -> WebhookEvent:
    found: WebhookEvent = WebhookEvent.objects.get(pk=event.pk)
    return found


def test_an_event_that_breaks_us_is_quarantined_after_five_tries_and_the_others_are_not_held_up(
    bank: Tenant, broken_account: ProviderAccount, queue: Queue, client: Client, now: datetime
) -> None:
    """S11: one event of an account nobody can read used to end the tenant's work, and every later tenant's."""
    poison = keep_event(broken_account, "poison", now - timedelta(minutes=1))
    attempt = queue(Channel.LINE, "PHONE")
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    good = line_event("delivery", delivery={"data": f"attempt-{attempt.pk}"})
    assert post_raw(client, path_of(Channel.LINE), *line_call(good)) == 200

    process_inbox(now=now)
    assert again(attempt).status == Status.DELIVERED
    first = event_again(poison)
    assert (first.tries, first.processed_at, first.error) == (1, None, "UnknownProvider")

    assert process_inbox(now=now + timedelta(seconds=9)) == 0, "it waits before it is tried again"
    for hour in range(1, 8):
        process_inbox(now=now + timedelta(hours=hour))
    last = event_again(poison)
    assert (last.tries, last.processed_at) == (MAX_TRIES, now + timedelta(hours=4))


def test_an_event_whose_account_is_repaired_is_acted_on(
    bank: Tenant, broken_account: ProviderAccount, now: datetime
) -> None:
    event = keep_event(account_of(Channel.SMS), "early", now)
    process_inbox(now=now)
    with transaction.atomic():
        broken_account.provider = "print_shop"
        broken_account.credentials = account_of(Channel.POST).credentials
        broken_account.options = account_of(Channel.POST).options
        broken_account.save()
    process_inbox(now=now + timedelta(minutes=5))
    assert (event_again(event).error, event_again(event).processed_at) == ("", now + timedelta(minutes=5))


def test_an_account_nobody_can_read_stops_its_own_line_and_loses_nothing(
    bank: Tenant, broken_account: ProviderAccount, queue: Queue, now: datetime
) -> None:
    attempt = queue(Channel.SMS)
    send_due(tenant_id=bank.pk, channel=Channel.SMS, now=now)
    assert (again(attempt).status, again(attempt).tries) == (Status.QUEUED, 0)
    assert account_of(Channel.SMS).pause_reason == "configuration: unknown_provider"


def test_one_tenants_failure_does_not_stop_the_others(other_tenant: Tenant, tenant: Tenant) -> None:
    """S11."""
    done: set[int] = set()

    def work() -> None:
        tenant_id = required_tenant_id()
        if tenant_id == tenant.pk:
            raise RuntimeError("of this tenant only")
        done.add(tenant_id)

    assert for_each_tenant(work, task="test") == [tenant.pk]
    assert done == {other_tenant.pk}


def test_reports_and_settling_never_wait_for_each_other_in_a_circle(
    bank: Tenant, queue: Queue, client: Client, now: datetime, superuser: psycopg.Connection
) -> None:
    """S11: settling locks attempts by key, so whoever acts on reports holds none while waiting for an earlier one."""
    first, second = sorted((queue(Channel.LINE, "PHONE") for _ in range(2)), key=lambda attempt: attempt.pk)
    send_due(tenant_id=bank.pk, channel=Channel.LINE, now=now)
    for attempt in (second, first):
        report = line_event("delivery", delivery={"data": f"attempt-{attempt.pk}"})
        assert post_raw(client, path_of(Channel.LINE), *line_call(report)) == 200

    lock = "SELECT 1 FROM channels_deliveryattempt WHERE id = %s FOR UPDATE NOWAIT"
    inbox = Thread(target=_work_elsewhere, args=(bank.pk, now))
    with superuser.transaction():
        superuser.execute(lock, [first.pk])
        inbox.start()
        _wait_until_somebody_waits(superuser)
        superuser.execute(lock, [second.pk])  # the control: without the order it is held, and this fails
    inbox.join(10)
    assert {again(first).status, again(second).status} == {Status.DELIVERED}


def _work_elsewhere(tenant_id: int, now: datetime) -> None:
    try:
        with tenant_context(tenant_id):
            process_inbox(now=now)
    finally:
        connections.close_all()


def _wait_until_somebody_waits(superuser: psycopg.Connection) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    until = monotonic() + 10
    while monotonic() < until:
        superuser.execute("SELECT pg_stat_clear_snapshot()")
        if superuser.execute(waiting).fetchone() != (0,):
            return
        sleep(0.02)
    raise AssertionError("Nobody waited for the attempt.")
