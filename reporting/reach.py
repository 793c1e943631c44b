"""How one customer can be reached, for the customer's page: the score, each address with its story, and the stops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from channels.advice import advice_for
from channels.models import OptOut
from channels.wishes.selectors import opt_outs_of
from customers.addresses.doubting import doubt_of
from customers.addresses.reading import parts_of
from customers.contacts.reachability import Reachability, Way, reachability
from customers.contacts.wording import BANDS, REASONS
from customers.models import ContactPoint, Customer
from retention.expiring import day_in_japan
from tenants.keys import PersonShredded


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach the customer: why its health is what it is, what it is worth, where they asked us to stop."""

    point: ContactPoint
    worth: int
    reason: str
    stops: list[OptOut]
    parts: list[tuple[str, str]]
    doubt: str


@dataclass(frozen=True, slots=True)
class Reach:
    """The section of the page."""

    score: Reachability
    addresses: list[Address]

    @property
    def band(self) -> str:
        """The score in words."""
        return str(BANDS[self.score.band])


def reach_of(customer: Customer, *, today: date, masked: bool) -> Reach:
    """What is known of every current address; two queries. ``masked``: without the parts of the postal address."""
    points = list(ContactPoint.objects.filter(customer=customer, is_current=True).order_by("channel"))
    stops = opt_outs_of(customer.pk)
    score = reachability([_way(point) for point in points], today)
    addresses = [
        Address(
            point,
            worth,
            _reason(point),
            stops.get(point.pk, []),
            [] if masked else _parts(point),
            doubt_of(*_postal(point)),
        )
        for point, worth in zip(points, score.worth, strict=True)
    ]
    return Reach(score, addresses)


def _way(point: ContactPoint) -> Way:
    return Way(point.channel, point.health, point.last_success_at and day_in_japan(point.last_success_at))


def _postal(point: ContactPoint) -> tuple[str, str]:
    """Postal code and address; nothing for other channels, and for a customer whose data were destroyed."""
    if point.channel != ContactPoint.Channel.POST:
        return "", ""
    try:
        return str(point.value.get("postal_code") or ""), str(point.value.get("address") or "")
    except PersonShredded:
        return "", ""


def _parts(point: ContactPoint) -> list[tuple[str, str]]:
    """The parts of a postal address by their names."""
    code, address = _postal(point)
    parts = parts_of(address, code)
    named = (
        (_("Prefecture"), parts.prefecture),
        (_("Municipality"), parts.municipality),
        (_("Town"), parts.town),
        (_("Block"), parts.block),
        (_("Building"), parts.building),
    )
    return [(name, part) for name, part in named if part]


def _reason(point: ContactPoint) -> str:
    """In our words, or what is written for the provider's code; "" where nothing is known."""
    if not point.health_reason:
        return ""
    if ours := REASONS.get(point.health_reason):
        return str(ours)
    advice = advice_for("SMS" if point.channel == ContactPoint.Channel.PHONE else point.channel, point.health_reason)
    return str(advice.reason) if advice else ""
