"""Ending what a customer asked for, at the customer's word given to a member of staff."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record
from channels.models import OptOut


@transaction.atomic
def end_opt_out(*, opt_out_id: UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """The customer wants to hear from us again and has told a member of staff. False if it had ended already.

    The provider may keep a list of its own, which only the customer's own message ends.
    """
    row = OptOut.objects.filter(pk=opt_out_id).select_for_update(of=("self",)).first()
    if row is None:
        return False
    record("optout.ended_by_staff", target=row, actor=actor, at=now, channel=row.channel, reason=reason)
    row.delete()
    return True
