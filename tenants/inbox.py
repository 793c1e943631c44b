"""What outsiders tell a tenant, kept raw before anything is believed: the base of webhook inboxes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import models, transaction
from django.db.models import Q

from tenants.fields import EncryptedBinaryField
from tenants.keys import KeysUnavailable
from tenants.models import TenantModel

log = logging.getLogger(__name__)
# After so many tries an event is set aside for a person; they are spread over about half an hour.
MAX_TRIES = 5
FIRST_WAIT, GROWTH = timedelta(seconds=10), 5


class InboxEvent(TenantModel):
    """One verified call from a provider. A repeated ``event_id`` is not stored twice.

    One that failed ``MAX_TRIES`` times is quarantined: it counts as processed, and its ``error`` says what broke.
    """

    provider = models.CharField(max_length=24)
    event_id = models.CharField(max_length=120)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=120, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    body = EncryptedBinaryField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.provider} event {self.event_id}"


def work_through[E: InboxEvent](
    model: type[E],
    act: Callable[[E, datetime], str],
    *,
    now: datetime,
    limit: int,
    lock: Callable[[Sequence[E]], None] = lambda events: None,
) -> int:
    """Act on events that wait, oldest first, and keep what ``act`` said was wrong with each, if anything.

    ``lock`` is given all of them beforehand, to lock the rows they concern in the order in which others lock them.

    An event that ``act`` breaks on changes nothing, is put off, and is quarantined after ``MAX_TRIES``; those behind
    it do not wait for it. Events that another worker holds are passed over. Returns how many were looked at.

    Raises:
        KeysUnavailable: nothing is wrong with the events; they wait for the keys.
    """
    with transaction.atomic():
        rested = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
        waiting = model.objects.filter(rested, processed_at__isnull=True).order_by("received_at", "id")
        events = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("account")[:limit])
        lock(events)
        for event in events:
            try:
                with transaction.atomic():
                    event.error = act(event, now)
            except (KeysUnavailable, SoftTimeLimitExceeded):
                raise
            except Exception as error:  # whatever a signed event holds, or its account lacks
                _put_off(event, error, now)
            else:
                event.processed_at = now
        model.objects.bulk_update(events, ["error", "processed_at", "tries", "retry_at"])
    return len(events)


def _put_off(event: InboxEvent, error: Exception, now: datetime) -> None:
    event.tries += 1
    event.error = type(error).__name__
    event.retry_at = now + FIRST_WAIT * GROWTH ** (event.tries - 1)
    is_over = event.tries >= MAX_TRIES
    log.error("Event %s of %s failed with %s, try %d.", event.pk, event.provider, type(error).__name__, event.tries)
    if is_over:
        event.processed_at = now
