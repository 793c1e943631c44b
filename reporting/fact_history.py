"""What each fact of a customer was before, as the customer's page shows it beside the fact: who, when, from where."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from customers.editing.reasons import EditReason
from customers.models import AttributeChange, Customer
from customers.presenting import Shown, hide, say
from reporting.past import SOURCE_PAGES, accounts_in, who_did
from tenants.keys import PersonShredded
from tenants.people import names_of

# Of each fact so many; the page of an earlier day has all.
LATEST = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a fact, in words; ``reason`` where staff gave one. A destroyed value has no before and after."""

    before: str
    after: str
    at: datetime
    source: str
    url: str
    who: str
    reason: str
    is_masked: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A fact with its latest changes, the newest first; ``is_more``: there are others before them."""

    shown: Shown
    steps: list[Step]
    is_more: bool = False


def with_history(customer: Customer, facts: Sequence[Shown], *, masked: bool) -> list[Told]:
    """Facts with what they were before; two queries. Nothing but the facts where the customer's data were destroyed."""
    newest = Window(RowNumber(), partition_by=F("attribute"), order_by=F("id").desc())
    rows = AttributeChange.objects.filter(customer=customer).annotate(place=newest).filter(place__lte=LATEST + 1)
    changes = list(rows.order_by("-id"))
    people = names_of(accounts_in(row.actor for row in changes))
    steps: dict[str, list[Step]] = {}
    with suppress(PersonShredded):  # what they were went with the key
        for row in changes:
            steps.setdefault(row.attribute, []).append(_step(customer, row, who_did(row.actor, people), masked=masked))
    return [Told(fact, mine[:LATEST], len(mine) > LATEST) for fact in facts for mine in (steps.get(fact.key, []),)]


def _step(customer: Customer, row: AttributeChange, who: str, *, masked: bool) -> Step:
    source = AttributeChange.Source(row.source)
    values = (row.before, row.after)
    said = ["", ""] if source == AttributeChange.Source.RULE else [say(row.attribute, value) for value in values]
    is_company = customer.kind == Customer.Kind.COMPANY
    shown = [hide(row.attribute, value, is_company=is_company) for value in said] if masked else said
    page = SOURCE_PAGES.get(source)
    return Step(
        before=shown[0],
        after=shown[1],
        at=row.at,
        source=str(source.label),
        url=reverse(page, args=[row.source_reference]) if page and row.source_reference else "",
        who=who,
        reason=str(dict(EditReason.choices).get(row.reason, "")),
        is_masked=shown != said,
    )
