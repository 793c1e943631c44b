"""`chaos fair`: one bank with a queue for hours, another with ten messages, and how long the ten wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from cdd.benchmarks.ground import throwaway
from cdd.benchmarks.outbox import SMS, fill
from cdd.chaos.sending import ACTOR, Status, post
from cdd.chaos.storm import DidNotStart, Stage, stage
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import DeliveryAttempt
from channels.registry import forget_providers
from channels.services import ensure_accounts
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tenants.services import create_tenant

FEW = 10
# What one worker cannot get through in the time; the rest of the long queue stands behind it.
REAL = 6_000
LATENCY_MS = [30, 150]
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long the short queue took, and what had left of the long one meanwhile."""

    long_queue: int
    short_queue: int
    seconds_until_all_left: float
    sent_of_the_long_queue: int

    @property
    def is_right(self) -> bool:
        """The few left within a minute, while the many were served too and still stand in line."""
        return self.seconds_until_all_left < MINUTE and 0 < self.sent_of_the_long_queue < self.long_queue

    def as_json(self) -> dict[str, Any]:
        """All figures; ``is_right`` is the verdict."""
        return {"is_right": self.is_right, **asdict(self)}


def run(*, messages: int, now: datetime, patience: float = 300) -> Outcome:
    """Queue ``messages`` for one bank, start a worker, then queue ten for another bank."""
    with throwaway(now) as ground, stage(ground, hurry=1) as here:
        other = create_tenant(slug="few", name="少数銀行", name_en="Few Bank", actor=ACTOR, now=now)
        try:
            post(here, "/scenario", {"latency_ms": {"sms": LATENCY_MS}})
            _prepare(here, ground.tenant, 0, min(messages, REAL), now)
            with tenant_context(ground.tenant.pk):
                _stretch(messages - min(messages, REAL), now)
            _prepare(here, other, 1, FEW, now + timedelta(days=1))
            here.start_worker("first")
            here.start_beat()
            _wait(lambda: _left(ground.tenant) > 0, patience)
            began = time.monotonic()
            _release(other)
            _wait(lambda: _left(other) == FEW, patience)
            return Outcome(messages, FEW, time.monotonic() - began, _left(ground.tenant))
        finally:
            forget_providers()


def _prepare(here: Stage, tenant: Tenant, bank: int, messages: int, now: datetime) -> None:
    accounts = channel_accounts(BANKS[bank], sandbox_url=here.sandbox, sandbox_smtp=here.smtp)
    with tenant_context(tenant.pk):
        ensure_accounts(accounts={"SMS": accounts["SMS"]}, actor=ACTOR, now=now)
        fill(SMS, messages, now, not_before=now)


@transaction.atomic
def _stretch(copies: int, now: datetime) -> None:
    """Make the queue longer by one statement: copies that nobody could open, behind everything that is real."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH model AS (SELECT * FROM channels_deliveryattempt ORDER BY id LIMIT 1),
            notices AS (
                INSERT INTO channels_notice
                    (id, tenant_id, customer_id, reference, purpose, sequence, language, number, created_at)
                SELECT gen_random_uuid(), n.tenant_id, n.customer_id, gen_random_uuid(), n.purpose, n.sequence,
                    n.language, '', n.created_at
                FROM channels_notice n JOIN model ON model.notice_id = n.id, generate_series(1, %s)
                RETURNING id)
            INSERT INTO channels_deliveryattempt
                (id, tenant_id, notice_id, account_id, contact_point_id, channel, method, status, snapshot,
                 not_before, tries, provider_reference, failure_kind, failure_code, created_at)
            SELECT gen_random_uuid(), model.tenant_id, notices.id, model.account_id, model.contact_point_id,
                model.channel, model.method, model.status, model.snapshot, %s, 0, '', '', '', model.created_at
            FROM model, notices""",
            [copies, now + timedelta(seconds=1)],
        )


def _release(tenant: Tenant) -> None:
    with tenant_context(tenant.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE channels_deliveryattempt SET not_before = now()")


def _left(tenant: Tenant) -> int:
    with tenant_context(tenant.pk), transaction.atomic():
        return int(DeliveryAttempt.objects.exclude(status__in=(Status.QUEUED, Status.SENDING)).count())


def _wait(is_so: Callable[[], bool], patience: float) -> None:
    until = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > until:
            raise DidNotStart("The workers sent nothing.")
        time.sleep(0.2)
