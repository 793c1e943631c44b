"""Sending a notice again because two people decided it: which attempts may, and the new attempt beside the old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from audit.services import Actor, record_many
from channels.afterwards import RULES, Asks, Way
from channels.barcodes import return_id
from channels.models import DeliveryAttempt, ProviderAccount
from channels.protocols import Channel
from channels.settling import NOTIFICATION, POISON, failed, move

Status = DeliveryAttempt.Status
AMBIGUOUS = "ambiguous"
# What an attempt of unknown outcome ends with when it is sent again; a late report of it changes nothing any more.
SENT_AGAIN = "sent_again"
_UNASKABLE = {
    Way.EMAIL: Q(channel=Channel.EMAIL),
    Way.NOTIFICATION: Q(channel=Channel.LINE, method=NOTIFICATION),
}


def resendable() -> Q:
    """Attempts that a person may decide about: nobody knows what became of them, or they failed too often.

    Of those whose outcome is unknown only such as no provider can be asked about: the others are looked up, and may
    leave by themselves.
    """
    unclear = Q()
    for way, which in _UNASKABLE.items():
        if RULES[way].asks == Asks.NOBODY:
            unclear |= which
    ended = Q(status=Status.FAILED, failure_kind__in=(POISON, AMBIGUOUS))
    return (ended | (Q(status=Status.UNKNOWN) & unclear)) & ~sent_again()


def sent_again() -> Q:
    """Attempts beside which there is a later one by the same channel."""
    later = DeliveryAttempt.objects.filter(
        notice=OuterRef("notice"), channel=OuterRef("channel"), round__gt=OuterRef("round")
    )
    return Q(Exists(later))


@transaction.atomic
def send_again(*, attempts: Sequence[DeliveryAttempt], actor: Actor, now: datetime) -> dict[UUID, DeliveryAttempt]:
    """Queue a new attempt beside each old one, with the same words, link and number; the old ones stay on record.

    ``attempts`` are locked, with their notices, and each is `resendable`. What cannot be opened any more is left out.

    Returns:
        The new attempts by the id of the old.
    """
    accounts = {account.channel: account for account in ProviderAccount.objects.all()}
    made: dict[UUID, DeliveryAttempt] = {}
    for old in attempts:
        if old.channel in accounts:
            made[old.pk] = _beside(old, accounts[old.channel], now)
    DeliveryAttempt.objects.bulk_create(made.values(), batch_size=1_000)
    record_many("deliveryattempt.queued", targets=made.values(), actor=actor, at=now, again=True)
    record_many("deliveryattempt.sent_again", targets=[a for a in attempts if a.pk in made], actor=actor, at=now)
    unclear = [old.pk for old in attempts if old.pk in made and old.status == Status.UNKNOWN]
    move({pk: failed(now, AMBIGUOUS, SENT_AGAIN) for pk in unclear}, was=Status.UNKNOWN, actor=actor, now=now)
    return made


def _beside(old: DeliveryAttempt, account: ProviderAccount, now: datetime) -> DeliveryAttempt:
    new = DeliveryAttempt(
        notice=old.notice,
        account=account,
        contact_point_id=old.contact_point_id,
        channel=old.channel,
        method=old.method,
        group=old.group,
        round=old.round + 1,
        not_before=now,
        created_at=now,
    )
    words: dict[str, Any] = dict(old.snapshot)
    if "return_id" in words:  # by which a letter that comes back is known
        words["return_id"] = return_id(new.pk)
    new.snapshot = words
    return new
