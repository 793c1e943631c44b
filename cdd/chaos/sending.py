"""`chaos send`: thousands of mixed messages through a storm, then every one of them looked for at the providers."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F, Q, Sum

from audit.services import Actor
from cdd.benchmarks.ground import throwaway
from cdd.benchmarks.outbox import EMAIL, NOTIFICATION, POST, PUSH, SMS, Way, fill
from cdd.chaos.ledger import Balance, Claim, balance_of
from cdd.chaos.storm import Damage, DidNotStart, Stage, stage, storm
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import DeliveryAttempt
from channels.registry import forget_providers
from channels.services import ensure_accounts, expire_unconfirmed, reconcile_unknown, register_webhooks
from tenants.scoping import tenant_context

ACTOR = Actor.system("chaos")
SHARES: Mapping[Way, float] = {PUSH: 0.30, NOTIFICATION: 0.15, SMS: 0.25, EMAIL: 0.25, POST: 0.05}
PROVIDERS = ("line", "pnp", "sms", "email", "post")
# Of the requests: refused, taken and then answered with an error, never answered before and after taking.
_HTTP = {"fail_before": 0.02, "fail_after": 0.03, "timeout_before": 0.005, "timeout_after": 0.005, "rate_limited": 0.01}
WEATHER: Mapping[str, Any] = {
    "request": {
        **{name: {**dict.fromkeys(("quota", "forbidden")), **_HTTP} for name in ("line", "pnp", "sms", "post")},
        "email": {"defer": 0.02, "drop_before": 0.02, "drop_after": 0.03},
    },
    "recipient": dict.fromkeys(PROVIDERS),
    "latency_ms": {"line": [30, 150], "pnp": [30, 150], "sms": [30, 150], "email": [30, 150], "post": [50, 300]},
    "delay_ms": {"print": [100, 300], "post": [100, 300]},
    "timeout_ms": 1_500,
    "callbacks": {"retry_ms": 500},
    "line": {"monthly_quota": 1_000_000, "pnp_known": "everybody"},
}
Status = DeliveryAttempt.Status


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found."""

    balance: Balance
    damage: Damage
    retries: int
    storm_seconds: float
    drain_seconds: float
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether everything is accounted for."""
        return self.balance.is_right

    def as_json(self) -> dict[str, Any]:
        """All figures; ``is_right`` is the verdict."""
        return {"is_right": self.balance.is_right, **asdict(self)}


def run(*, messages: int, seconds: float, hurry: int, seed: int, now: datetime, patience: float = 300) -> Outcome:
    """Queue, storm, drain, compare. ``hurry`` divides the waits of sending; the drain has ``patience`` seconds."""
    began = time.monotonic()
    dice = random.Random(seed)  # noqa: S311  # which process dies, repeatably
    with throwaway(now) as ground, stage(ground, hurry=hurry) as here, tenant_context(ground.tenant.pk):
        try:
            post(here, "/scenario", {**WEATHER, "seed": str(seed)})
            queue(here, messages, now)
            for name in ("first", "second", "printer"):
                here.start_worker(name)
            here.start_beat()
            wait_for_workers(now, patience)
            stormed = time.monotonic()
            _release(seconds)
            damage = storm(here, seconds=seconds, dice=dice)
            drained = time.monotonic()
            damage.restarts += drain(here, now, patience)
            balance = balance_of(claims(), accepted(here))
            retries = _retries()
        finally:
            forget_providers()
    ended = time.monotonic()
    return Outcome(balance, damage, retries, drained - stormed, ended - drained, ended - began)


def queue(here: Stage, messages: int, now: datetime, *, not_before: datetime | None = None) -> None:
    """A bank's accounts at the sandbox, and messages that may not leave yet."""
    accounts = channel_accounts(BANKS[0], sandbox_url=here.sandbox, sandbox_smtp=here.smtp)
    ensure_accounts(accounts=accounts, actor=ACTOR, now=now)
    register_webhooks(now=now)
    wanted = {way: round(messages * share) for way, share in SHARES.items()}
    wanted[PUSH] += messages - sum(wanted.values())
    for way, count in wanted.items():
        fill(way, count, now, not_before=not_before or now + timedelta(days=1))


def wait_for_workers(now: datetime, patience: float) -> None:
    """They take some seconds to start; then some messages leave before all others."""
    with transaction.atomic():
        first = list(DeliveryAttempt.objects.filter(channel=PUSH[0]).order_by("pk").values_list("pk", flat=True)[:5])
        DeliveryAttempt.objects.filter(pk__in=first).update(not_before=now)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        with transaction.atomic():
            if DeliveryAttempt.objects.exclude(status=Status.QUEUED).exists():
                return
        time.sleep(0.1)
    raise DidNotStart("The workers sent nothing.")


@transaction.atomic
def _release(seconds: float) -> None:
    """Due at any moment of the storm's first four fifths, so that there is always something in hand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_deliveryattempt SET not_before = now() + random() * make_interval(secs => %s)"
            " WHERE status = 'QUEUED'",
            [0.8 * seconds],
        )


def drain(here: Stage, now: datetime, patience: float) -> int:
    """Until nothing is on its way; then days pass for messages of which nothing was heard.

    Returns how many workers had to be started again.
    """
    until, restarts = time.monotonic() + patience, 0
    while time.monotonic() < until:
        restarts += here.supervise()
        with suppress(DatabaseError):
            with transaction.atomic():
                takes_days = Q(method="pnp") | Q(channel=POST[0], claim=None)
                is_open = Q(status__in=(Status.QUEUED, Status.SENDING)) | Q(status=Status.UNKNOWN) & ~takes_days
                if not DeliveryAttempt.objects.filter(is_open).exists():
                    break
            time.sleep(0.5)
            continue
        connections.close_all()  # it was killed with the server
        time.sleep(0.5)
    later = now + timedelta(days=4)
    while expire_unconfirmed(now=later) + reconcile_unknown(now=later):
        pass
    return restarts


@transaction.atomic
def claims() -> list[Claim]:
    rows = DeliveryAttempt.objects.values_list("pk", "channel", "method", "status", "tries")
    names = {"pnp": "notification", "push": "push"}
    return [
        Claim(pk, names.get(method) or channel.lower(), status, tries) for pk, channel, method, status, tries in rows
    ]


@transaction.atomic
def _retries() -> int:
    found = DeliveryAttempt.objects.filter(tries__gt=1).aggregate(more=Sum(F("tries") - 1))
    return int(found["more"] or 0)


def accepted(here: Stage) -> list[dict[str, Any]]:
    """Everything that any provider took."""
    found: list[dict[str, Any]] = []
    for channel in PROVIDERS:
        page: list[dict[str, Any]] = []
        while True:
            query = {"channel": channel, "limit": 1_000, **({"before": page[-1]["number"]} if page else {})}
            answer = httpx.get(f"{here.sandbox}/control/messages", params=query, timeout=60, trust_env=False)
            page = answer.raise_for_status().json()["messages"]
            if not page:
                break
            found += page
    return found


def post(here: Stage, path: str, body: Mapping[str, Any]) -> None:
    httpx.post(f"{here.sandbox}/control{path}", json=body, timeout=60, trust_env=False).raise_for_status()
