"""What anybody may learn of a notice by its number, and by what the institution can be recognised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.models import ChannelKind, DeliveryAttempt, Notice, ProviderAccount
from channels.senders import numbers_of

JST = ZoneInfo("Asia/Tokyo")
KNOWN_FOR = timedelta(days=400)
_Status = DeliveryAttempt.Status
# What a customer may hold in hand. An outcome unknown to us may have arrived.
_SENT = (_Status.ACCEPTED, _Status.DELIVERED, _Status.RETURNED, _Status.UNKNOWN)
# Options of an account that are printed for everybody to see, in the order of the page.
_PUBLIC: Mapping[str, tuple[tuple[str, Promise | str], ...]] = {
    ChannelKind.LINE: (("account_name", _("Name of the LINE account")), ("basic_id", _("ID of the LINE account"))),
    ChannelKind.EMAIL: (("sender", _("Address e-mails come from")),),
}


@dataclass(frozen=True, slots=True)
class Sending:
    """That a notice left, on which day in Japan, by what."""

    on: date
    channel: str


def sent_as(number: str, *, now: datetime) -> list[Sending]:
    """How the notice with this number was sent, oldest first; nothing if there is none or it is too old. One query."""
    rows = DeliveryAttempt.objects.filter(
        notice__number=number, notice__created_at__gt=now - KNOWN_FOR, status__in=_SENT, first_tried_at__isnull=False
    )
    tried = rows.order_by("first_tried_at", "id").values_list("first_tried_at", "channel")
    return [Sending(at.astimezone(JST).date(), channel) for at, channel in tried]


def reference_of(number: str) -> UUID | None:
    """The review that the notice with this number asks about, however old it is. One query."""
    return Notice.objects.filter(number=number).exclude(number="").values_list("reference", flat=True).first()


def official_senders() -> list[tuple[Promise | str, str]]:
    """The senders that customers may see on notices: what it is, and how it reads. One query."""
    options = {account.channel: account.options for account in ProviderAccount.objects.all()}
    found: list[tuple[Promise | str, str]] = [
        (label, str(options[channel][name]))
        for channel, wanted in _PUBLIC.items()
        for name, label in wanted
        if options.get(channel, {}).get(name)
    ]
    numbers = numbers_of(options.get(ChannelKind.SMS, {}))
    return found + [(_("Number short messages come from"), f"{n.number} {n.carrier}".strip()) for n in numbers]
