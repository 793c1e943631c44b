"""What channels do when the rooms below tell them something. Receivers run inside the sender's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from audit.services import Actor
from channels.models import ChannelKind, OptOut
from channels.stopping import remember_stop
from customers.models import ContactPoint
from customers.signals import customer_merged

_POINT_OF = {ChannelKind.SMS: ContactPoint.Channel.PHONE}


@receiver(customer_merged)
def keep_the_wishes(*, survivor_id: UUID, contact_ids: Sequence[UUID], actor: Actor, now: datetime, **_: Any) -> None:
    """Whoever asked to be left alone on a channel, under either number, is left alone there at every address kept."""
    stops = OptOut.objects.filter(contact_point__in=contact_ids).order_by("since", "pk").values_list("channel", "code")
    for channel, code in dict(stops).items():
        points = ContactPoint.objects.filter(
            customer=survivor_id, is_current=True, channel=_POINT_OF.get(channel, channel)
        )
        ids = list(points.values_list("pk", flat=True))
        remember_stop(contact_ids=ids, channel=channel, code=code, actor=actor, now=now)
