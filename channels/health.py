"""How sending goes, channel by channel: what the page shows, counted afresh each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q

from channels.advice import Advice, advice_for
from channels.gates import hours_of, sending_rules
from channels.hours import day_of, opens_at
from channels.models import ChannelKind, DeliveryAttempt, ProviderAccount, WebhookEvent
from channels.protocols import Channel
from channels.stop_words import words_of_stop
from tenants.inbox import MAX_TRIES

Status = DeliveryAttempt.Status
LIMITS = ("per_minute", "batches_at_once", "per_day", "per_month")
OPEN = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)
# The rate shown is that of so many minutes.
RATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Failing:
    """Today's failures of one kind on one channel, and what to do about them."""

    channel: str
    count: int
    advice: Advice
    code: str

    @property
    def channel_label(self) -> str:
        """The channel in words."""
        return str(ChannelKind(self.channel).label)


@dataclass(frozen=True)
class Health:
    """One account. What was tried since midnight in Japan is counted by where it stands; the rest is as of now."""

    account: ProviderAccount
    waiting: int
    sending: int
    unknown: int
    oldest_due_at: datetime | None
    accepted: int
    delivered: int
    returned: int
    failed: int
    tried: int
    recent: int
    last_success_at: datetime | None
    opens_at: datetime | None
    quarantined: int
    limits: dict[str, int]

    @property
    def key(self) -> str:
        """The account, as addresses name it."""
        return str(self.account.pk)

    @property
    def sent(self) -> int:
        """What left today, whatever was heard of it since."""
        return self.accepted + self.delivered + self.returned

    @property
    def per_minute(self) -> int:
        """How many were tried a minute, over the last five."""
        return round(self.recent / (RATE.total_seconds() / 60))

    @property
    def stop(self) -> Advice:
        """Why it stands still and what to do."""
        return words_of_stop(self.account.channel, self.account.pause_reason)

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
            sending=Count("id", filter=Q(status=Status.SENDING)),
            unknown=Count("id", filter=Q(status=Status.UNKNOWN)),
            oldest=Min("not_before", filter=Q(status=Status.QUEUED, not_before__lte=now)),
        )
    )
    today = _by_channel(
        DeliveryAttempt.objects.filter(first_tried_at__gte=day_of(now))
        .values("channel")
        .annotate(
            tried=Count("id"),
            recent=Count("id", filter=Q(first_tried_at__gte=now - RATE)),
            accepted=Count("id", filter=Q(status=Status.ACCEPTED)),
            delivered=Count("id", filter=Q(status=Status.DELIVERED)),
            returned=Count("id", filter=Q(status=Status.RETURNED)),
            failed=Count("id", filter=Q(status=Status.FAILED)),
            last_success=Max("accepted_at"),
        )
    )
    set_aside = _by_channel(
        quarantined_events().values("account__channel").annotate(events=Count("id")), key="account__channel"
    )
    return [
        _health(account, open_now, today, set_aside, opens_at(Channel(account.channel), now, hours))
        for account in accounts
    ]


def failures_today(*, now: datetime) -> list[Failing]:
    """What failed since midnight in Japan, by channel and reason, the commonest first."""
    rows = (
        DeliveryAttempt.objects.filter(status=Status.FAILED, first_tried_at__gte=day_of(now))
        .values_list("channel", "failure_code", "failure_kind")
        .annotate(Count("id"))
        .order_by("-id__count", "channel", "failure_code")
    )
    return [
        Failing(channel, count, advice, code)
        for channel, code, kind, count in rows
        if (advice := advice_for(channel, code, kind))
    ]


def quarantined_events() -> Any:
    """What providers told and we could not act on, five times."""
    return WebhookEvent.objects.filter(tries__gte=MAX_TRIES, processed_at__isnull=False)


def _by_channel(rows: Iterable[dict[str, Any]], key: str = "channel") -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in rows}


type _Rows = dict[str, dict[str, Any]]


def _health(
    account: ProviderAccount, open_now: _Rows, today: _Rows, set_aside: _Rows, opens: datetime | None
) -> Health:
    now, since = open_now.get(account.channel, {}), today.get(account.channel, {})
    return Health(
        account=account,
        waiting=now.get("waiting", 0),
        sending=now.get("sending", 0),
        unknown=now.get("unknown", 0),
        oldest_due_at=now.get("oldest"),
        **{name: since.get(name, 0) for name in ("accepted", "delivered", "returned", "failed", "tried", "recent")},
        last_success_at=since.get("last_success"),
        opens_at=opens,
        quarantined=set_aside.get(account.channel, {}).get("events", 0),
        limits={name: value for name in LIMITS if (value := getattr(account, name)) is not None},
    )
