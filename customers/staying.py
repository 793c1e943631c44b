"""Stays that end: who is rated anew because the last day of their stay is over, and days worked out for older books."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, F
from django.db.models.functions import Cast

from audit.services import Actor, record_ids
from customers.models import Customer
from customers.residence import stay_ends_on
from customers.writing import update_many
from retention.expiring import day_in_japan
from tenants.scoping import required_tenant_id

_BATCH = 2_000
# A day as the database casts it begins at midnight of UTC; in Japan it is over fifteen hours later.
_IS_OVER = timedelta(hours=15)


def note_ended_stays(*, actor: Actor, now: datetime) -> int:
    """Have customers rated anew whose stay has ended since they were rated last; returns how many.

    Told once: with the rating that follows, they have been rated after the end.
    """
    noted = 0
    while ids := _note_batch(actor=actor, now=now):
        noted += len(ids)
    return noted


@transaction.atomic
def _note_batch(*, actor: Actor, now: datetime) -> list[UUID]:
    ended = Customer.objects.filter(
        status=Customer.Status.ACTIVE,
        is_rating_due=False,
        stay_ends_on__lt=day_in_japan(now),
        rated_at__lt=Cast(F("stay_ends_on"), DateTimeField()) + _IS_OVER,
    )
    ids = list(ended.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)[:_BATCH])
    Customer.objects.filter(pk__in=ids).update(is_rating_due=True)
    record_ids("customer.stay_ended", model=Customer, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)
    return ids


@transaction.atomic
def work_out_stays(*, after: UUID, limit: int = _BATCH) -> tuple[UUID | None, int]:
    """Put right the last day of the stay of the next customers with a period, in the order of their ids.

    For books entered before that day was kept. Returns the last id looked at, None at the end, and how many were wrong.
    """
    rows = Customer.objects.select_for_update().filter(pk__gt=after, residence_expires_on__isnull=False)
    customers = list(
        rows.order_by("pk").only("residence_expires_on", "residence_applied_on", "stay_ends_on", "tenant")[:limit]
    )
    days = {one.pk: stay_ends_on(one.residence_expires_on, one.residence_applied_on) for one in customers}
    wrong = [one.pk for one in customers if one.stay_ends_on != days[one.pk]]
    update_many(Customer, wrong, {"stay_ends_on": [days[pk] for pk in wrong]}, is_rating_due=True)
    return (customers[-1].pk if customers else None), len(wrong)
