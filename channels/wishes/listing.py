"""The list of customers who asked to stop: read from an address, and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels.models import ChannelKind, OptOut
from channels.selectors import STOPPABLE
from channels.wishes.selectors import how, opt_outs_asked
from customers.exporting.lists import Asked, ListKind, register_list

NAME = "wishes"
_COLUMNS = {
    "wishes_channel": _("Channel that was stopped"),
    "wishes_since": _("Stopped since"),
    "wishes_how": _("How they asked"),
}


def asked_of(address: Asked) -> Asked:
    """What an address asks; every channel where it names none that can be stopped."""
    channel = address.get("channel", "")
    return {"channel": channel} if channel in STOPPABLE else {}


def _opt_outs(asked: Asked) -> QuerySet[OptOut]:
    return opt_outs_asked(channel=asked.get("channel", ""))


def _values(asked: Asked, ids: Sequence[UUID], _today: date) -> Mapping[UUID, Mapping[str, str]]:
    rows = _opt_outs(asked).filter(contact_point__customer__in=ids).order_by("since", "pk")
    return {
        row.contact_point.customer_id: {
            "wishes_channel": str(ChannelKind(row.channel).label),
            "wishes_since": f"{localtime(row.since):%Y-%m-%d %H:%M}",
            "wishes_how": str(how(row.code)),
        }
        for row in rows
    }


def _words(asked: Asked) -> list[tuple[str, str]]:
    channel = asked.get("channel")
    return [(gettext("Customers who asked to stop"), str(ChannelKind(channel).label) if channel else gettext("All"))]


def register() -> None:
    """Called when the apps are ready."""
    kind = ListKind(
        title=_("Customers who asked to stop"),
        read=asked_of,
        customers=lambda asked, _today: Q(pk__in=_opt_outs(asked).values("contact_point__customer")),
        columns=_COLUMNS,
        values=_values,
        words=_words,
    )
    register_list(NAME, kind)
