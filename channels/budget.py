"""How many messages one person gets in some days, over all campaigns: what is too much is put off, never dropped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from channels.gates import locked_rules, sending_rules
from channels.models import DeliveryAttempt, SendingRules
from channels.protocols import Channel, FailureKind

Status = DeliveryAttempt.Status


def within_budget(ids: Sequence[UUID], *, channel: Channel, now: datetime) -> list[UUID]:
    """Those of the waiting attempts that may leave; the others are put off until their person's days are over.

    An attempt that has been tried before was counted then. Claims of a tenant that has a budget wait for each other,
    so that two channels cannot both be the last message.
    """
    rules = sending_rules()
    if not ids or not rules.budget or (channel == Channel.POST and not rules.budget_counts_letters):
        return list(ids)
    locked_rules()
    waiting = DeliveryAttempt.objects.filter(pk__in=ids).values_list("pk", "notice__customer_id", "first_tried_at")
    customer_of = {pk: customer for pk, customer, tried in waiting if tried is None}
    told = _told(set(customer_of.values()), rules, now)
    kept, put_off = [], {}
    for pk in ids:
        if pk not in customer_of:
            kept.append(pk)
            continue
        times = told.setdefault(customer_of[pk], [])
        if len(times) < rules.budget:
            times.append(now)
            kept.append(pk)
        else:
            put_off[pk] = times[-rules.budget] + timedelta(days=rules.budget_days)
    for not_before in set(put_off.values()):
        late = [pk for pk, until in put_off.items() if until == not_before]
        DeliveryAttempt.objects.filter(pk__in=late, status=Status.QUEUED).update(not_before=not_before)
    return kept


def _told(customers: set[UUID], rules: SendingRules, now: datetime) -> dict[UUID, list[datetime]]:
    """When each customer was sent what counts, oldest first. What certainly never arrived does not count."""
    since = now - timedelta(days=rules.budget_days)
    lost = Q(status=Status.FAILED) & ~Q(failure_kind=FailureKind.AMBIGUOUS)
    sent = DeliveryAttempt.objects.filter(notice__customer_id__in=customers, first_tried_at__gt=since).exclude(lost)
    if not rules.budget_counts_letters:
        sent = sent.exclude(channel=Channel.POST)
    told: dict[UUID, list[datetime]] = {}
    for customer, at in sent.order_by("first_tried_at").values_list("notice__customer_id", "first_tried_at"):
        told.setdefault(customer, []).append(at)
    return told
