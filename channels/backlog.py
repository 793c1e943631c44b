"""How long what may leave has been waiting: the figure by which a standstill shows that no error tells of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db.models import Count, Min, Q

from channels.gates import hours_of, not_held, places, sending_rules
from channels.hours import opens_at
from channels.models import DeliveryAttempt
from channels.protocols import Channel
from tenants.scoping import required_tenant_id

log = structlog.get_logger(__name__)
Status = DeliveryAttempt.Status
# Workers come by every few seconds; a queue that nobody has touched for this long has been forgotten.
TOO_LONG = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits on a channel although it may leave. ``is_standing``: and nobody has taken any for long."""

    channel: Channel
    waiting: int
    oldest_due_at: datetime
    is_standing: bool


def backlogs(*, now: datetime) -> list[Backlog]:
    """Channels with something due that no pause, hour or hold keeps back. Call it in a transaction."""
    rules = sending_rules()
    if rules.is_paused:
        return []
    due = DeliveryAttempt.objects.filter(
        not_held(), status=Status.QUEUED, not_before__lte=now, account__is_paused=False
    )
    rows = due.values_list("channel").annotate(waiting=Count("id"), oldest=Min("not_before")).order_by()
    hours = hours_of(rules)
    return [
        Backlog(Channel(channel), waiting, oldest, oldest < now - TOO_LONG and _is_standing(Channel(channel), now))
        for channel, waiting, oldest in rows
        if all(opens_at(Channel(channel), at, hours) is None for at in (now, now - TOO_LONG))
    ]


def check_backlogs(*, now: datetime) -> list[Backlog]:
    """Put the figures into the log, and an error for each channel that stands still."""
    found = backlogs(now=now)
    for one in found:
        say = log.error if one.is_standing else log.info
        say(
            "sending.stands_still" if one.is_standing else "sending.backlog",
            tenant_id=required_tenant_id(),
            channel=one.channel.value,
            count=one.waiting,
            seconds=int((now - one.oldest_due_at).total_seconds()),
        )
    return found


def _is_standing(channel: Channel, now: datetime) -> bool:
    if not places(channel=channel, now=now, limit=1):  # a quota is spent
        return False
    touched = Q(status=Status.SENDING) | Q(first_tried_at__gte=now - TOO_LONG)
    return not DeliveryAttempt.objects.filter(touched, channel=channel).exists()
