"""How far calls and visits have got: how many are open, late, done, whom they reached, and what came of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from outreach.models import OutreachKind, OutreachTask, OutreachTry
from outreach.outcomes import REACHED

_OPEN = (OutreachTask.Status.OPEN, OutreachTask.Status.ASSIGNED)
type References = Collection[UUID] | QuerySet[Any, UUID]


@dataclass(frozen=True, slots=True)
class Figures:
    """The tasks of one kind. total = open + done + given_up + cancelled; overdue are open, reached cuts across.

    ``outcomes``: how many calls or visits came to what, whatever became of their tasks.
    """

    kind: str
    open: int
    overdue: int
    done: int
    given_up: int
    cancelled: int
    reached: int
    outcomes: Mapping[str, int]

    @property
    def total(self) -> int:
        """All tasks."""
        return self.open + self.done + self.given_up + self.cancelled

    @property
    def tries(self) -> int:
        """How often somebody called or went there."""
        return sum(self.outcomes.values())


def standing(which: str, *, today: date) -> Q:
    """The tasks behind a number: a field of `Figures`, or an outcome.

    Raises:
        KeyError: there is no such number.
    """
    if which in OutreachTry.Outcome.values:
        return Q(Exists(OutreachTry.objects.filter(task=OuterRef("pk"), outcome=which)))
    return {
        "total": Q(),
        "open": Q(status__in=_OPEN),
        "overdue": Q(status__in=_OPEN, due_on__lt=today),
        "done": Q(status=OutreachTask.Status.DONE),
        "given_up": Q(status=OutreachTask.Status.GAVE_UP),
        "cancelled": Q(status=OutreachTask.Status.CANCELLED),
        "reached": Q(Exists(OutreachTry.objects.filter(task=OuterRef("pk"), outcome__in=REACHED))),
    }[which]


def figures_about(references: References, *, today: date) -> list[Figures]:
    """The figures of each kind that has tasks about these reviews, in two queries."""
    tasks = OutreachTask.objects.filter(reference__in=references)
    names = ("open", "overdue", "done", "given_up", "cancelled", "reached")
    counts = {name: Count("id", filter=standing(name, today=today)) for name in names}
    found = {row.pop("kind"): row for row in tasks.order_by().values("kind").annotate(**counts)}
    outcomes: dict[str, dict[str, int]] = {}
    tries = OutreachTry.objects.filter(task__reference__in=references).order_by()
    for kind, outcome, count in tries.values_list("task__kind", "outcome").annotate(Count("id")):
        outcomes.setdefault(kind, {})[outcome] = count
    return [
        Figures(kind=kind, outcomes=outcomes.get(kind, {}), **found[kind])
        for kind in OutreachKind.values
        if kind in found
    ]
