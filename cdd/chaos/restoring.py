"""`chaos restore`: the database put back by pg_restore to before the last messages left, then the system started."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, transaction

from cdd.benchmarks.ground import throwaway
from cdd.chaos.ledger import AT_MOST_ONCE, Balance, balance_of
from cdd.chaos.sending import ACTOR, PROVIDERS, WEATHER, Status, accepted, claims, drain, post, queue
from cdd.chaos.storm import DidNotStart, stage
from channels.gates import sending_rules
from channels.models import DeliveryAttempt
from channels.protocols import Channel
from channels.registry import forget_providers
from channels.services import print_due, resume_tenant, send_due
from tenants.scoping import tenant_context

# How long the started system is watched, before anybody says that it may go on.
WATCHED_SECONDS = 8
FAIR = {
    **WEATHER,
    "request": dict.fromkeys(PROVIDERS),
    "latency_ms": dict.fromkeys(PROVIDERS),
    "delay_ms": {key: [100, 300] for key in ("pnp", "sms", "email", "print", "post")},
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found. ``sent_before``: taken by the providers before the restore, which the database forgot."""

    balance: Balance
    sent_before: int
    sent_unasked: int
    was_stopped: bool
    seconds: float

    @property
    def is_right(self) -> bool:
        """Nothing left until a person said so, and then everything once."""
        return self.balance.is_right and self.was_stopped and not self.sent_unasked

    def as_json(self) -> dict[str, Any]:
        """All figures; ``is_right`` is the verdict."""
        return {"is_right": self.is_right, **asdict(self)}


def run(*, messages: int, hurry: int, now: datetime, patience: float = 300) -> Outcome:
    """Back up, send half, restore, start, look, resume, drain, compare."""
    began = time.monotonic()
    with throwaway(now) as ground, stage(ground, hurry=hurry) as here, tenant_context(ground.tenant.pk):
        try:
            post(here, "/scenario", FAIR)
            queue(here, messages // 2, now, not_before=now)
            queue(here, messages - messages // 2, now)
            ground.servers.back_up()
            _send(ground.tenant.pk, now)
            before = len(accepted(here))
            connections.close_all()
            ground.servers.put_back()
            for name in ("first", "printer"):
                here.start_worker(name)
            here.start_beat()
            was_stopped = _wait_for_stop(patience)
            time.sleep(WATCHED_SECONDS)
            unasked = len(accepted(here)) - before
            with transaction.atomic():
                DeliveryAttempt.objects.filter(status=Status.QUEUED).update(not_before=now)
            resume_tenant(actor=ACTOR, now=now)
            drain(here, now, patience)
            # by which job a letter went is among what the database has forgotten
            balance = balance_of(claims(), accepted(here), doubtful=AT_MOST_ONCE | {"post"})
        finally:
            forget_providers()
    return Outcome(balance, before, unasked, was_stopped, time.monotonic() - began)


def _send(tenant_id: int, now: datetime) -> None:
    later = now + timedelta(seconds=1)
    while sum(send_due(tenant_id=tenant_id, channel=c, now=later) for c in Channel if c != Channel.POST):
        pass
    print_due(tenant_id=tenant_id, now=later)


def _wait_for_stop(patience: float) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with transaction.atomic():
            if sending_rules().is_paused:
                return True
            if DeliveryAttempt.objects.exclude(status=Status.QUEUED).exists():
                return False
        time.sleep(0.1)
    raise DidNotStart("The workers did nothing.")
