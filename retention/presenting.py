"""How retention reads on a page and in a destruction record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import ngettext

from retention.classes import Words, record_classes, subjects
from retention.expiring import Period, Unit
from retention.models import DestructionRecord, PurgeItem
from tenants.models import tenant_in_scope
from tenants.people import names_of


def words_of(period: Period) -> str:
    """For instance "7 years", "18 months" or "90 days"."""
    if period.unit == Unit.YEARS:
        return ngettext("%(n)d year", "%(n)d years", period.length) % {"n": period.length}
    if period.unit == Unit.MONTHS:
        return ngettext("%(n)d month", "%(n)d months", period.length) % {"n": period.length}
    return ngettext("%(n)d day", "%(n)d days", period.length) % {"n": period.length}


def titles() -> dict[str, Words]:
    """What the classes are called."""
    return {kind.code: kind.title for kind in record_classes()}


def counted(counts: Mapping[str, int]) -> list[tuple[Words, int]]:
    """Numbers of records by what their class is called."""
    named = titles()
    return [(named.get(code, code), count) for code, count in sorted(counts.items())]


def said_of(items: Iterable[PurgeItem]) -> dict[UUID, Words]:
    """What records on a list are, by their ids, where their class says more than its title."""
    by_code: dict[str, list[UUID]] = {}
    for item in items:
        by_code.setdefault(item.code, []).append(item.record)
    return {
        record: words
        for kind in record_classes()
        if (records := by_code.get(kind.code))
        for record, words in kind.say(records).items()
    }


def numbers_of(ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """Customer numbers; a customer who is destroyed has none."""
    return subjects().numbers([pk for pk in ids if pk])


def document_of(made: DestructionRecord) -> str:
    """A destruction record as plain text, to be filed."""
    purge, named = made.proposal, titles()
    people = names_of([purge.submitted_by, purge.approved_by])
    outcome_words = dict(PurgeItem.Outcome.choices)
    rows: list[dict[str, Any]] = [
        {
            "title": named.get(code, code),
            "rule": words_of(Period(made.rules[code]["length"], Unit(made.rules[code]["unit"]))),
            "outcomes": [(outcome_words.get(outcome, outcome), n) for outcome, n in sorted(outcomes.items())],
        }
        for code, outcomes in sorted(made.outcomes.items())
    ]
    context = {
        "tenant": tenant_in_scope().name,
        "record": made,
        "purge": purge,
        "rows": rows,
        "submitted_by": people.get(purge.submitted_by or 0, ""),
        "approved_by": people.get(purge.approved_by or 0, ""),
    }
    return render_to_string("staff/retention/record.txt", context)
