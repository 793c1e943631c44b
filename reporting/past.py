"""What was known of a customer at the end of a day, as a page shows it: each fact, from where, through whom, when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext

from customers.history import Known
from customers.models import AttributeChange, Customer
from customers.presenting import Shown, present
from customers.selectors import days_of_changes, known_before
from retention.expiring import end_of_day
from tenants.keys import PersonShredded
from tenants.people import names_of

SOURCE_PAGES = {
    AttributeChange.Source.IMPORT: "import",
    AttributeChange.Source.UNDO: "import",
    AttributeChange.Source.CUSTOMER: "case",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One fact with where it came from; ``at`` is None where nothing was known."""

    shown: Shown
    source: str
    url: str
    who: str
    at: datetime | None
    changed_at: datetime | None
    is_doubtful: bool


@dataclass(frozen=True, slots=True)
class Past:
    """A customer's file at the end of a day. ``absence`` is a sentence, and then there are no rows."""

    on: date
    rows: list[Line]
    absence: str
    days: list[tuple[date, int]]


def past_of(customer: Customer, on: date, *, masked: bool) -> Past:
    """The file at the end of the day ``on`` in Japan."""
    days = days_of_changes(customer)
    try:
        known = known_before(customer, end_of_day(on))
    except PersonShredded:
        return Past(on, [], gettext("This customer's data were destroyed, and what they were before with them."), days)
    if known is None:
        return Past(on, [], gettext("The customer was not in the customer book yet."), days)
    return Past(on, _lines(customer, known, masked=masked), "", days)


def _lines(customer: Customer, known: Mapping[str, Known], *, masked: bool) -> list[Line]:
    shown = present(
        {key: fact.value for key, fact in known.items()},
        is_company=customer.kind == Customer.Kind.COMPANY,
        masked=masked,
    )
    people = names_of(accounts_in(fact.origin.actor for fact in known.values() if fact.origin))
    return [_line(fact, known.get(fact.key), customer, people) for fact in shown]


def _line(shown: Shown, known: Known | None, customer: Customer, people: Mapping[int, str]) -> Line:
    if known is None:
        return Line(shown, "", "", "", None, None, False)
    turn = known.origin
    if turn is None:
        entry = gettext("First entry in the customer book")
        return Line(shown, entry, "", "", customer.created_at, known.changed_at, known.is_doubtful)
    page = SOURCE_PAGES.get(AttributeChange.Source(turn.source))
    url = reverse(page, args=[turn.reference]) if page and turn.reference else ""
    source = AttributeChange.Source(turn.source).label
    return Line(shown, str(source), url, who_did(turn.actor, people), turn.at, known.changed_at, known.is_doubtful)


def accounts_in(actors: Iterable[str]) -> list[int]:
    """The accounts of staff among actors."""
    parted = (actor.partition(":") for actor in set(actors))
    return [int(name) for kind, _colon, name in parted if kind == "user"]


def who_did(actor: str, people: Mapping[int, str]) -> str:
    """An actor in words; ``people`` are the names of `accounts_in`."""
    kind, _colon, name = actor.partition(":")
    if kind == "user":
        return people.get(int(name), gettext("A former member of staff"))
    return gettext("The customer") if kind == "customer" else gettext("The system")
