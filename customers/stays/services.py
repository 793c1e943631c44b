"""Stays that have ended put before officers, and what they decide."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from audit.services import Actor
from audit.transitions import transition, transition_many
from customers.models import Customer
from customers.residence import WITHOUT_END
from customers.stays.models import EndedStay
from retention.expiring import day_in_japan

_BATCH = 2_000
_STATUS = EndedStay.Status


class DecisionRefused(Exception):
    """It cannot be decided so; its text is a sentence for the person who tried."""


def note_stays(*, actor: Actor, now: datetime) -> int:
    """Put every stay that has ended before officers, once, and settle those that the file tells otherwise by now.

    Returns how many are new.
    """
    today, noted = day_in_japan(now), 0
    while _settle_batch(actor=actor, now=now):
        pass
    while batch := _note_batch(today, now=now):
        noted += batch
    return noted


@transaction.atomic
def _note_batch(today: date, *, now: datetime) -> int:
    known = EndedStay.objects.filter(customer=OuterRef("pk"), ended_on=OuterRef("stay_ends_on"))
    # As `residence.has_ended`: nationals and permanent residents have no period that could end.
    ended = Customer.objects.filter(~Exists(known), status=Customer.Status.ACTIVE, stay_ends_on__lt=today)
    rows = ended.exclude(nationality="JP").exclude(residence_status__in=WITHOUT_END)
    found = list(rows.order_by("pk").values_list("pk", "stay_ends_on")[:_BATCH])
    stays = [EndedStay(customer_id=pk, ended_on=day, found_at=now) for pk, day in found]
    EndedStay.objects.bulk_create(stays, ignore_conflicts=True)
    return len(found)


@transaction.atomic
def _settle_batch(*, actor: Actor, now: datetime) -> list[UUID]:
    still = Q(customer__status=Customer.Status.ACTIVE, customer__stay_ends_on=F("ended_on"))
    still &= ~Q(customer__nationality="JP") & ~Q(customer__residence_status__in=WITHOUT_END)
    rows: QuerySet[EndedStay] = EndedStay.objects.filter(~still, status=_STATUS.OPEN)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:_BATCH])
    return transition_many(EndedStay, ids, was=_STATUS.OPEN, to=_STATUS.SETTLED, actor=actor, at=now)


def deal_with(*, ended_stay: EndedStay, note: str, actor: Actor, now: datetime) -> None:
    """Close it with what was done.

    Raises:
        DecisionRefused: somebody or the file has settled it already, or no note says what was done.
    """
    if not note.strip():
        raise DecisionRefused(_("Say in a few words what was done."))
    with transaction.atomic():
        mine: EndedStay = EndedStay.objects.select_for_update(of=("self",)).get(pk=ended_stay.pk)
        if mine.status != _STATUS.OPEN:
            raise DecisionRefused(_("Somebody has decided this already."))
        decider = int(actor.id) if actor.kind == "user" else 0
        changes = {"decided_by": decider, "decided_at": now, "note": note.strip()}
        transition(mine, _STATUS.DEALT_WITH, actor=actor, at=now, **changes)
