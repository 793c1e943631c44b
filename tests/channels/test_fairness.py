"""S13: a bank with a long queue does not hold up a bank with a short one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from cdd.celery import app
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels import tasks
from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.sending import BATCH, ROUNDS
from channels.services import ensure_accounts, queue_notices
from customers.indexing import contact_index
from customers.models import ContactPoint, Customer
from tenants.models import Tenant
from tenants.scoping import outside_scope, tenant_scope
from tests.channels.conftest import PHONE, SYSTEM, Weather, request_for

MANY, FEW = 1_200, 10
DUE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run one after the other where they are started: one worker for everybody."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def queue_many(tenant: Tenant, messages: int) -> None:
    with tenant_scope(tenant.pk):
        customer = Customer(number=uuid4().hex[:12], kind="INDIVIDUAL")
        customer.profile = {"name": "山田 節子", "birth_on": "1958-04-01"}
        customer.save()
        point = ContactPoint(customer=customer, channel="PHONE", value_index=contact_index("PHONE", PHONE))
        point.value = PHONE
        point.save()
        requests = [request_for(customer, Channel.SMS, point, uuid4()) for _ in range(messages)]
        queue_notices(requests=requests, actor=SYSTEM, now=DUE)


def waiting(tenant: Tenant) -> int:
    with tenant_scope(tenant.pk):
        return int(DeliveryAttempt.objects.filter(status="QUEUED").count())


def set_up(tenant: Tenant, weather: Weather) -> None:
    with tenant_scope(tenant.pk):
        accounts = channel_accounts(BANKS[1], sandbox_url=weather.sandbox.url, sandbox_smtp=weather.sandbox.smtp)
        ensure_accounts(accounts={"SMS": accounts["SMS"]}, actor=SYSTEM, now=DUE)


def test_ten_messages_leave_within_a_minute_while_a_thousand_of_another_bank_wait(
    other_tenant: Tenant, bank: Tenant, weather: Weather, eager: None
) -> None:
    """A turn is bounded, so one round over all banks, in whatever order, reaches the short queue."""
    assert MANY > 2 * ROUNDS * BATCH

    def story() -> None:
        set_up(other_tenant, weather)
        queue_many(bank, MANY)
        queue_many(other_tenant, FEW)
        started = time.monotonic()
        tasks.dispatch_due()
        assert time.monotonic() - started < 60
        assert waiting(other_tenant) == 0
        assert waiting(bank) == MANY - ROUNDS * BATCH, "control: the long queue is still there"

    outside_scope(story)
