"""How much each person has to do on the days to come, and who has more than a day holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from outreach.models import OutreachKind, OutreachTask
from outreach.selectors import Capacities, capacities, is_working_day, workers
from outreach.spreading import next_days
from tenants.people import names_of

DAYS = 5
type _Counts = Mapping[tuple[int, str, date], int]


@dataclass(frozen=True, slots=True)
class Day:
    """One person's tasks of a kind on one day, beside what they can do."""

    on: date
    tasks: int
    capacity: int

    @property
    def over(self) -> int:
        """How many are too many."""
        return max(0, self.tasks - self.capacity)


@dataclass(frozen=True, slots=True)
class Load:
    """One person's tasks of a kind; ``is_gone``: they have tasks but make no calls and visits any more."""

    user_id: int
    name: str
    kind: str
    kind_name: str
    overdue: int
    days: Sequence[Day]
    is_gone: bool

    @property
    def is_over(self) -> bool:
        """Whether some day holds more than the person can do."""
        return any(day.over for day in self.days)


def loads(*, now: datetime, today: date) -> tuple[list[date], list[Load]]:
    """The working days from today on, and for everybody who makes calls and visits what these days hold."""
    days = next_days(DAYS, after=today - timedelta(days=1), is_working=is_working_day())
    rows = OutreachTask.objects.filter(status=OutreachTask.Status.ASSIGNED, due_on__lte=days[-1]).order_by()
    counts: dict[tuple[int, str, date], int] = {
        (assignee, kind, day): count
        for assignee, kind, day, count in rows.values_list("assignee", "kind", "due_on").annotate(Count("id"))
    }
    people, held = dict(workers(now=now)), capacities()
    gone = names_of({assignee for assignee, _kind, _day in counts} - people.keys())
    return days, [
        _load(user_id, name, kind, days, today, counts, held, is_gone=user_id in gone)
        for user_id, name in {**people, **gone}.items()
        for kind in OutreachKind.values
        if user_id in people or any(who == user_id and what == kind for who, what, _day in counts)
    ]


def choices_for(task: OutreachTask, *, now: datetime) -> list[tuple[int, str]]:
    """Who may be given the task, each with what the task's day holds for them already."""
    rows = OutreachTask.objects.filter(status=OutreachTask.Status.ASSIGNED, kind=task.kind, due_on=task.due_on)
    counts = dict(rows.exclude(pk=task.pk).order_by().values_list("assignee").annotate(Count("id")))
    held, day = capacities(), date_format(task.due_on, "MONTH_DAY_FORMAT")
    return [
        (user_id, _choice(name, day, counts.get(user_id, 0), held.of_person(task.kind, user_id)))
        for user_id, name in workers(now=now)
    ]


def _choice(name: str, day: str, tasks: int, capacity: int) -> str:
    words = {"name": name, "day": day, "tasks": tasks, "capacity": capacity}
    if tasks >= capacity:
        return _("%(name)s (%(day)s: %(tasks)d of %(capacity)d, full)") % words
    return _("%(name)s (%(day)s: %(tasks)d of %(capacity)d)") % words


def _load(
    user_id: int,
    name: str,
    kind: str,
    days: Sequence[date],
    today: date,
    counts: _Counts,
    held: Capacities,
    *,
    is_gone: bool,
) -> Load:
    capacity = 0 if is_gone else held.of_person(kind, user_id)
    own = {day: count for (who, what, day), count in counts.items() if (who, what) == (user_id, kind)}
    return Load(
        user_id=user_id,
        name=name,
        kind=kind,
        kind_name=str(OutreachKind(kind).label),
        overdue=sum(count for day, count in own.items() if day < today),
        days=[Day(day, own.get(day, 0), capacity) for day in days],
        is_gone=is_gone,
    )
