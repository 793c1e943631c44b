"""While customers' keys cannot be reached notices wait; they neither fail for good nor go out empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.services import Actor
from channels.models import DeliveryAttempt, Letter
from channels.protocols import Channel
from tenants.keys import KeysUnavailable, forget_keys
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tenants.shredding import shred_person
from tests.channels.conftest import Queue, again
from tests.channels.test_failing import send

Status = DeliveryAttempt.Status
SYSTEM = Actor.system("tests")


@contextmanager
def keys_away(keys_superuser: psycopg.Connection) -> Iterator[None]:
    """The keys' database refuses us, and nothing is held in memory."""
    forget_keys()
    keys_superuser.execute("REVOKE ALL ON tenants_personkey FROM keizoku_app")
    try:
        yield
    finally:
        keys_superuser.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON tenants_personkey TO keizoku_app")


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.POST])
def test_a_notice_waits_for_the_keys_and_goes_when_they_are_back(
    bank: Tenant, queue: Queue, now: datetime, keys_superuser: psycopg.Connection, channel: Channel
) -> None:
    """P2."""
    attempt = queue(channel)
    with keys_away(keys_superuser), suppress(KeysUnavailable):
        send(bank, channel, now)
    assert again(attempt).status == Status.QUEUED

    send(bank, channel, now + timedelta(minutes=2))
    assert again(attempt).status in (Status.ACCEPTED, Status.DELIVERED)


def test_a_notice_to_a_shredded_customer_fails_for_good_and_alone(bank: Tenant, queue: Queue, now: datetime) -> None:
    gone, other = queue(Channel.SMS), queue(Channel.SMS, PHONE="+819087654321")
    shred_person(gone.notice.customer_id, actor=SYSTEM, now=now)

    send(bank, Channel.SMS, now)
    assert (again(gone).status, again(gone).failure_code) == (Status.FAILED, "erased")
    assert again(other).status == Status.ACCEPTED


def test_printing_many_letters_asks_for_no_customer_one_by_one(bank: Tenant, queue: Queue, now: datetime) -> None:

    counts = []
    for number in (2, 6):
        for _ in range(number):
            queue(Channel.POST)
        with CaptureQueriesContext(connection) as queries:
            send(bank, Channel.POST, now)
        counts.append(len(queries))
    assert counts[1] < counts[0] + 6, "a second group of letters costs a few, each letter nothing"
    with tenant_scope(bank.pk):
        assert Letter.objects.count() == 8
