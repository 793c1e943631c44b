"""What was known of a customer at the end of a day, as a page shows it: each fact, from where, through whom, when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext

from customers.history import Known, Turn
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
    people = names_of(_accounts(known.values()))
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
    return Line(shown, str(source), url, _who(turn, people), turn.at, known.changed_at, known.is_doubtful)


def _accounts(known: Iterable[Known]) -> list[int]:
    actors = {fact.origin.actor for fact in known if fact.origin}
    return [int(name) for kind, _colon, name in (actor.partition(":") for actor in actors) if kind == "user"]


def _who(turn: Turn, people: Mapping[int, str]) -> str:
    kind, _colon, name = turn.actor.partition(":")
    if kind == "user":
        return people.get(int(name), gettext("A former member of staff"))
    return gettext("The customer") if kind == "customer" else gettext("The system")
