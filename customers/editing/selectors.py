"""Who changed what while a page of editing was open, and an edit as it is shown before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from customers.editing.drafts import Draft
from customers.models import AttributeChange, Customer
from customers.presenting import label, say
from tenants.people import names_of


@dataclass(frozen=True, slots=True)
class Moved:
    """A fact that somebody else changed: what it is now, and through whom and when as far as the history tells."""

    label: str
    value: str
    who: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """A fact before and after an edit, in words."""

    label: str
    before: str
    after: str


def moved_since(
    customer: Customer, keys: Sequence[str], current: Mapping[str, Any], *, opened_at: datetime
) -> list[Moved]:
    """The facts that moved, with who did it; two queries."""
    rows = AttributeChange.objects.filter(customer=customer, at__gte=opened_at, attribute__in=keys).order_by("pk")
    latest = {row.attribute: row for row in rows}
    accounts = [int(row.actor.removeprefix("user:")) for row in latest.values() if row.actor.startswith("user:")]
    people = names_of(accounts)
    moved = []
    for key in keys:
        row = latest.get(key)
        kind, _colon, name = row.actor.partition(":") if row else ("", "", "")
        who = people.get(int(name), "") if kind == "user" else gettext("The customer") if kind == "customer" else ""
        moved.append(Moved(label(key), say(key, current.get(key)), who, row.at if row else None))
    return moved


def steps_of(draft: Draft) -> list[Step]:
    """The edit, fact by fact in the order of the page."""
    return [
        Step(label(key), say(key, draft.shown.get(key)), say(key, draft.wanted[key]))
        for key in draft.shown
        if key in draft.wanted
    ]
