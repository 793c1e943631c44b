"""What stands in the way of a customer becoming part of another: the rooms above say here what counts as open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from retention.selectors import held_subjects
from tenants.reach import within_reach

_HELD = _("A legal hold is placed on customer %(number)s.")


@dataclass(frozen=True, slots=True)
class Matter:
    """Rows about a customer that are not settled yet; ``words`` names the customer as %(number)s."""

    model: type[Model]
    words: Promise | str
    is_open: Callable[[datetime], Q]
    customer: str = "customer"


_matters: list[Matter] = []


def register_matter(matter: Matter) -> None:
    """Have customers about whom there are such rows stay on their own."""
    _matters.append(matter)


def obstacles_of(customer: Customer, *, now: datetime) -> list[str]:
    """Why a customer cannot become part of another now, in sentences; one query for each kind of matter.

    What the person who asks may not see stands in the way all the same.
    """
    with within_reach(None):
        found = [matter.words for matter in _matters if _is_open(matter, customer, now)]
        if held_subjects([customer.pk]):
            found.append(_HELD)
    return [str(words) % {"number": customer.number} for words in found]


def _is_open(matter: Matter, customer: Customer, now: datetime) -> bool:
    rows = matter.model._default_manager.filter(matter.is_open(now), **{matter.customer: customer})
    return bool(rows.exists())
