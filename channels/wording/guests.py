"""The guest list: people who agreed to receive texts as tests, and the only addresses beside staff that get them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from channels.models import ChannelKind, Guest
from channels.protocols import Channel
from channels.selectors import MOBILE
from customers.folding import fold
from customers.indexing import contact_index
from customers.models import ContactPoint
from customers.parsing import Invalid, read_email, read_line_id, read_phone
from customers.presenting import hide, say
from tenants.keys import blind_index
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

MOST = 50
# A letter is looked at as a PDF instead.
CHANNELS = tuple((kind.value, kind.label) for kind in ChannelKind if kind != ChannelKind.POST)
_READERS: Mapping[str, Callable[[str], str | None]] = {
    Channel.LINE: read_line_id,
    Channel.SMS: read_phone,
    Channel.EMAIL: read_email,
}
_POINTS: Mapping[str, str] = {
    Channel.LINE: ContactPoint.Channel.LINE,
    Channel.SMS: ContactPoint.Channel.PHONE,
    Channel.EMAIL: ContactPoint.Channel.EMAIL,
}


class GuestRefused(Refused):
    """What was asked for is not allowed; its text is a sentence for the person who asked."""


_STEPS = Steps(GuestRefused)


def add_guest(*, channel: str, name: str, address: str, actor: Actor, now: datetime) -> Guest:
    """Put somebody who has agreed on the list.

    Raises:
        GuestRefused: the address is none of the channel's, is a customer's or is on the list; the list is full; the
            actor may not.
    """
    plain = read_address(channel, address)
    index = blind_index(f"guest.{channel}", fold(plain))
    try:
        with transaction.atomic():
            user_id = _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now).user_id
            if is_customers(channel, plain):
                raise GuestRefused(_("This address is a customer's. Tests never go to customers."))
            if Guest.objects.count() >= MOST:
                raise GuestRefused(_("The list is full. Remove somebody first."))
            guest = Guest(channel=channel, name=name.strip(), address_index=index, added_by=user_id, added_at=now)
            guest.address = plain
            guest.save()
            record("guest.added", target=guest, actor=actor, at=now, channel=channel)
    except IntegrityError as error:
        raise GuestRefused(_("This address is on the list already.")) from error
    return guest


def remove_guest(*, guest: Guest, actor: Actor, now: datetime) -> None:
    """Delete somebody who wants no more tests, and their address with them.

    Raises:
        GuestRefused: the actor may not.
    """
    with transaction.atomic():
        _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now)
        record("guest.removed", target=guest, actor=actor, at=now, channel=guest.channel)
        guest.delete()


def guests_of(channel: str = "") -> list[Guest]:
    """The list, or one channel's part of it, in the order in which people were added. One query."""
    rows = Guest.objects.filter(channel=channel) if channel else Guest.objects.all()
    return list(rows.order_by("added_at", "id"))


def guests_by_id(ids: set[UUID | None]) -> dict[UUID | None, str]:
    """Names of those who are still on the list. One query."""
    return {guest.pk: guest.name for guest in Guest.objects.filter(pk__in={pk for pk in ids if pk})}


def read_address(channel: str, address: str) -> str:
    """An address as the channel's provider takes it.

    Raises:
        GuestRefused: it is none.
    """
    try:
        plain = _READERS[channel](address)
    except (Invalid, KeyError):
        plain = None
    if plain is None or (channel == Channel.SMS and not MOBILE.fullmatch(plain)):
        raise GuestRefused(_WRONG.get(channel, _WRONG[Channel.EMAIL])())
    return plain


def is_customers(channel: str, address: str) -> bool:
    """Whether a customer can be reached there. One query."""
    point = _POINTS[channel]
    rows = ContactPoint.objects.filter(value_index=contact_index(point, address), channel=point, is_current=True)
    return bool(rows.exists())


def covered(channel: str, address: str) -> str:
    """An address as the list shows it: enough to recognise one that is known."""
    match channel:
        case Channel.EMAIL:
            return hide("email", address)
        case Channel.SMS:
            return hide("phone", say("phone", address))
    return address[:5] + "●" * 8


_WRONG: Mapping[str, Callable[[], str]] = {
    Channel.LINE: lambda: _("Enter the LINE user ID: U and 32 digits or letters from a to f."),
    Channel.SMS: lambda: _("Enter a mobile number, such as 090-1234-5678."),
    Channel.EMAIL: lambda: _("Enter an e-mail address, such as name@example.jp."),
}
