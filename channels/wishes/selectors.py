"""Who asked to be left alone, as staff see it: the customer, the address masked, when and how."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.models import OptOut
from customers.models import ContactPoint
from customers.presenting import hide, or_erased, say
from tenants.keyset import Page, keyset_page

KEYWORD, COMPLAINT = "keyword", "complaint"
_HOW = {
    KEYWORD: _("Wrote the word for stopping to us"),
    COMPLAINT: _("Reported our e-mail as unwanted"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """One opt-out as a line of the page."""

    opt_out: OptOut
    customer_id: UUID
    number: str
    address: str
    how: Promise | str


def opt_out_page(*, channel: str = "", cursor: str | None = None) -> Page[OptOut]:
    """Opt-outs of addresses that are still in use, the latest first; ``channel`` "" for all."""
    return keyset_page(opt_outs_asked(channel=channel), order=("-since", "-id"), cursor=cursor)


def opt_outs_asked(*, channel: str = "") -> QuerySet[OptOut]:
    """Opt-outs of addresses that are still in use; ``channel`` "" for all."""
    rows: QuerySet[OptOut] = OptOut.objects.filter(contact_point__is_current=True)
    rows = rows.select_related("contact_point__customer")
    return rows.filter(channel=channel) if channel else rows


def wish_of(opt_out: OptOut) -> Wish:
    """The opt-out with its customer's number, its address masked, and how it came to us."""
    point = opt_out.contact_point
    return Wish(opt_out, point.customer_id, point.customer.number, address_of(point), how(opt_out.code))


def address_of(point: ContactPoint) -> str:
    """Enough of an address to be recognised by whoever knows it."""
    key = {"PHONE": "phone", "EMAIL": "email"}.get(point.channel)
    if key is None:
        return str(point.get_channel_display())
    return or_erased(lambda: hide(key, say(key, str(point.value))))


def how(code: str) -> Promise | str:
    """How the wish came to us, by the code that is kept of it."""
    return _HOW.get(code) or _("Told the carrier or the provider (%(code)s)") % {"code": code}


def opt_outs_of(customer_id: UUID) -> dict[UUID, list[OptOut]]:
    """A customer's opt-outs in force, by contact point. One query."""
    found: dict[UUID, list[OptOut]] = {}
    rows = OptOut.objects.filter(contact_point__customer=customer_id, contact_point__is_current=True)
    for opt_out in rows.order_by("since"):
        found.setdefault(opt_out.contact_point_id, []).append(opt_out)
    return found
