"""Who asked to be left alone on a channel: remembered with the contact point until its owner asks otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from audit.services import Actor, record_many
from channels.models import OptOut
from customers.indexing import contact_index
from customers.models import ContactPoint


def points_of_number(number: str) -> list[UUID]:
    """Every current contact point with this telephone number (E.164): a family may share one."""
    index = contact_index(ContactPoint.Channel.PHONE, number)
    points = ContactPoint.objects.filter(value_index=index, channel=ContactPoint.Channel.PHONE, is_current=True)
    return list(points.values_list("pk", flat=True))


def same_numbers(contact_ids: Sequence[UUID]) -> list[UUID]:
    """These contact points and every other current one of the same value."""
    indexes = ContactPoint.objects.filter(pk__in=list(contact_ids)).values_list("value_index", flat=True)
    same = ContactPoint.objects.filter(value_index__in=list(indexes), is_current=True)
    return list(same.values_list("pk", flat=True))


def remember_stop(*, contact_ids: Sequence[UUID], channel: str, code: str, actor: Actor, now: datetime) -> None:
    """Mark contact points: nothing more leaves to them on the channel. Asking twice is remembered once."""
    known = set(
        OptOut.objects.filter(contact_point__in=list(contact_ids), channel=channel).values_list(
            "contact_point_id", flat=True
        )
    )
    new = [
        OptOut(contact_point_id=pk, channel=channel, since=now, code=code[:40]) for pk in contact_ids if pk not in known
    ]
    if new:
        OptOut.objects.bulk_create(new, ignore_conflicts=True)
        record_many("optout.began", targets=new, actor=actor, at=now, channel=channel, code=code[:40])


def forget_stop(*, contact_ids: Sequence[UUID], channel: str, actor: Actor, now: datetime) -> None:
    """The owner wants to hear from us again."""
    ended = list(
        OptOut.objects.filter(contact_point__in=list(contact_ids), channel=channel).select_for_update(of=("self",))
    )
    if ended:
        record_many("optout.ended", targets=ended, actor=actor, at=now, channel=channel)
        OptOut.objects.filter(pk__in=[one.pk for one in ended]).delete()
