"""How sending goes, channel by channel: what the page shows, counted afresh each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q

from channels.gates import hours_of, sending_rules
from channels.hours import day_of, opens_at
from channels.models import DeliveryAttempt, ProviderAccount, WebhookEvent
from channels.protocols import Channel
from tenants.inbox import MAX_TRIES

Status = DeliveryAttempt.Status
SENT = (Status.ACCEPTED, Status.DELIVERED, Status.RETURNED)
LIMITS = ("per_minute", "batches_at_once", "per_day", "per_month")
OPEN = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)


@dataclass(frozen=True)
class Health:
    """One account. ``sent``, ``failed`` and ``tried`` count since midnight in Japan; the rest is as of now."""

    account: ProviderAccount
    waiting: int
    unknown: int
    oldest_due_at: datetime | None
    sent: int
    failed: int
    tried: int
    opens_at: datetime | None
    quarantined: int
    limits: dict[str, int]

    @property
    def key(self) -> str:
        """The account, as addresses name it."""
        return str(self.account.pk)

    @property
    def state(self) -> str:
        """``paused``, ``resting``, ``spent`` (the day's quota) or ``running``."""
        if self.account.is_paused:
            return "paused"
        if self.opens_at is not None:
            return "resting"
        is_spent = self.account.per_day is not None and self.tried >= self.account.per_day
        return "spent" if is_spent else "running"


def channel_health(*, now: datetime) -> list[Health]:
    """Every account of the tenant, in the order of the channels."""
    order = [channel.value for channel in Channel]
    accounts = sorted(ProviderAccount.objects.all(), key=lambda account: order.index(account.channel))
    hours = hours_of(sending_rules())
    open_now = _by_channel(
        DeliveryAttempt.objects.filter(status__in=OPEN)
        .values("channel")
        .annotate(
            waiting=Count("id", filter=Q(status=Status.QUEUED)),
            unknown=Count("id", filter=Q(status=Status.UNKNOWN)),
            oldest=Min("not_before", filter=Q(status=Status.QUEUED, not_before__lte=now)),
        )
    )
    today = _by_channel(
        DeliveryAttempt.objects.filter(first_tried_at__gte=day_of(now))
        .values("channel")
        .annotate(
            tried=Count("id"),
            sent=Count("id", filter=Q(status__in=SENT)),
            failed=Count("id", filter=Q(status=Status.FAILED)),
        )
    )
    set_aside = _by_channel(
        quarantined_events().values("account__channel").annotate(events=Count("id")), key="account__channel"
    )
    return [
        Health(
            account=account,
            waiting=open_now.get(account.channel, {}).get("waiting", 0),
            unknown=open_now.get(account.channel, {}).get("unknown", 0),
            oldest_due_at=open_now.get(account.channel, {}).get("oldest"),
            sent=today.get(account.channel, {}).get("sent", 0),
            failed=today.get(account.channel, {}).get("failed", 0),
            tried=today.get(account.channel, {}).get("tried", 0),
            opens_at=opens_at(Channel(account.channel), now, hours),
            quarantined=set_aside.get(account.channel, {}).get("events", 0),
            limits={name: value for name in LIMITS if (value := getattr(account, name)) is not None},
        )
        for account in accounts
    ]


def quarantined_events() -> Any:
    """What providers told and we could not act on, five times."""
    return WebhookEvent.objects.filter(tries__gte=MAX_TRIES, processed_at__isnull=False)


def _by_channel(rows: Iterable[dict[str, Any]], key: str = "channel") -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in rows}
