"""Reads of calls and visits: who can be reached so, the lists, and one task with all that was tried."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from channels.gates import hours_of, sending_rules
from customers.contacts.health import DEAD
from customers.flags.rules import GUARDIAN, silenced_by
from customers.flags.selectors import kinds_in_force, not_to_be_called
from customers.models import ContactPoint
from outreach.models import DailyCapacity, OutreachKind, OutreachTask, OutreachTry, VisitRecord
from outreach.outcomes import NOBODY_THERE
from outreach.spreading import DEFAULT_CAPACITY, OF_A_PERSON, working_days
from questionnaires.models import Response
from tenants.keyset import Page, keyset_page
from tenants.models import Membership
from tenants.permissions import ROLE_PERMISSIONS, Permission

_OPEN = (OutreachTask.Status.OPEN, OutreachTask.Status.ASSIGNED)
# The lists by the name they have in the address.
LISTS = ("own", "unassigned", "open", "overdue", "closed")


@dataclass(frozen=True, slots=True)
class Capacities:
    """How many tasks of a kind a branch, or one person, can do in a day."""

    rows: Mapping[tuple[str, str], int]
    persons: Mapping[tuple[str, int], int]

    def of(self, kind: str, branch_code: str) -> int:
        """The branch's own number, or that of all branches, or the product's."""
        own = self.rows.get((kind, branch_code))
        return own or self.rows.get((kind, "")) or DEFAULT_CAPACITY[kind]

    def of_person(self, kind: str, user_id: int) -> int:
        """The person's own number, or the product's."""
        return self.persons.get((kind, user_id)) or OF_A_PERSON[kind]


def capacities() -> Capacities:
    """What the tenant has set."""
    rows = list(DailyCapacity.objects.values_list("kind", "branch_code", "person", "tasks"))
    return Capacities(
        rows={(kind, branch): tasks for kind, branch, person, tasks in rows if person is None},
        persons={(kind, person): tasks for kind, _branch, person, tasks in rows if person is not None},
    )


def is_working_day() -> Callable[[date], bool]:
    """Whether somebody works on a day: Monday to Friday without the holidays among the rules of sending."""
    return working_days(hours_of(sending_rules()).holidays)


def ways_to_people(customer_ids: Sequence[UUID]) -> dict[UUID, set[str]]:
    """By which of call and visit each customer may be reached.

    A call needs a telephone number not known to be wrong, landlines included. A visit needs an address, even one
    that a letter came back from: that is what there is to be looked at; but not one where nobody was found. For
    whom a guardian acts, a call is to the guardian, whose number somebody has to find out.
    """
    ways: dict[UUID, set[str]] = {customer_id: set() for customer_id in customer_ids}
    for kind in OutreachKind.values:
        rows = points_for(kind).filter(customer_id__in=list(customer_ids))
        for customer_id in rows.values_list("customer_id", flat=True):
            ways[customer_id].add(kind)
    for customer_id, kinds in kinds_in_force(customer_ids).items():
        if GUARDIAN in kinds and not silenced_by(kinds):
            ways[customer_id] = {OutreachKind.TELEPHONE.value}
    return ways


def points_for(kind: str) -> QuerySet[ContactPoint]:
    """The telephone numbers that can be called, or the doors that can be gone to; none behind certain flags."""
    flagged = Exists(not_to_be_called().filter(customer=OuterRef("customer_id")))
    points: QuerySet[ContactPoint] = ContactPoint.objects.filter(~flagged, is_current=True)
    gone = OutreachTry.objects.filter(
        task__customer_id=OuterRef("customer_id"), outcome__in=NOBODY_THERE, tried_at__gte=OuterRef("created_at")
    )
    if kind == OutreachKind.VISIT:
        return points.filter(~Exists(gone), channel=ContactPoint.Channel.POST)
    dead = gone.filter(outcome=OutreachTry.Outcome.DECEASED)
    phones = points.filter(~Exists(dead), channel=ContactPoint.Channel.PHONE)
    return phones.exclude(health__in=DEAD)


def open_reference(customer_id: UUID) -> UUID | None:
    """What the customer is being asked at present: the latest response that can still be answered."""
    states = (Response.Status.OPEN, Response.Status.STARTED)
    rows = Response.objects.filter(customer_id=customer_id, status__in=states)
    return rows.order_by("-opened_at", "-id").values_list("reference", flat=True).first()


def open_response(customer_id: UUID) -> UUID | None:
    """The id of that response."""
    reference = open_reference(customer_id)
    return Response.objects.filter(reference=reference).values_list("pk", flat=True).first() if reference else None


def given_up(references: Collection[UUID]) -> dict[UUID, set[str]]:
    """For each reference, the kinds of task that came to nothing."""
    found: dict[UUID, set[str]] = {}
    rows = OutreachTask.objects.filter(reference__in=list(references), status=OutreachTask.Status.GAVE_UP)
    for reference, kind in rows.values_list("reference", "kind"):
        found.setdefault(reference, set()).add(kind)
    return found


def references_of(task_ids: Collection[UUID]) -> list[UUID]:
    """What these tasks were about."""
    rows = OutreachTask.objects.filter(pk__in=list(task_ids), reference__isnull=False)
    return list(rows.values_list("reference", flat=True).distinct())


def task_page(
    *,
    which: str,
    user_id: int,
    today: date,
    kind: str = "",
    branch_code: str = "",
    assignee: int | None = None,
    cursor: str | None = None,
) -> Page[OutreachTask]:
    """One list, the earliest due first; what is closed the latest first."""
    rows = tasks_in(
        which=which, user_id=user_id, today=today, kind=kind, branch_code=branch_code, assignee=assignee
    ).select_related("customer")
    order = ("-closed_at", "-id") if which == "closed" else ("due_on", "priority", "id")
    return keyset_page(rows, order=order, cursor=cursor)


def tasks_in(
    *, which: str, user_id: int, today: date, kind: str = "", branch_code: str = "", assignee: int | None = None
) -> QuerySet[OutreachTask]:
    """One list, narrowed by what is not blank."""
    wanted = {"kind": kind, "branch_code": branch_code, "assignee": assignee}
    return _listed(which, user_id, today).filter(**{name: value for name, value in wanted.items() if value})


def task_counts(*, user_id: int, today: date) -> dict[str, int]:
    """How many tasks each list of work has, and under ``due`` how many of the person's own are due by today."""
    counted = (*(which for which in LISTS if which != "closed"), "due")
    counts = {which: Count("id", filter=_wanted(which, user_id, today)) for which in counted}
    found: dict[str, int] = OutreachTask.objects.filter(status__in=_OPEN).aggregate(**counts)
    return found


def _listed(which: str, user_id: int, today: date) -> QuerySet[OutreachTask]:
    return OutreachTask.objects.filter(_wanted(which, user_id, today))


def _wanted(which: str, user_id: int, today: date) -> Q:
    own = Q(assignee=user_id, status=OutreachTask.Status.ASSIGNED)
    return {
        "own": own,
        "due": own & Q(due_on__lte=today),
        "unassigned": Q(status=OutreachTask.Status.OPEN),
        "open": Q(status__in=_OPEN),
        "overdue": Q(status__in=_OPEN, due_on__lt=today),
        "closed": ~Q(status__in=_OPEN) & Q(closed_at__isnull=False),
    }[which]


def task_with_customer(task_id: UUID) -> OutreachTask:
    """One task.

    Raises:
        OutreachTask.DoesNotExist: the tenant has no such task, or the member does not see it.
    """
    found: OutreachTask = OutreachTask.objects.select_related("customer").get(pk=task_id)
    return found


def tries_of(task: OutreachTask) -> list[OutreachTry]:
    """What was tried, newest first."""
    return list(OutreachTry.objects.filter(task=task).order_by("-tried_at", "-id"))


def tasks_about(reference: UUID) -> list[OutreachTask]:
    """The tasks of one periodic review with what was tried, newest first."""
    tries = Prefetch("tries", queryset=OutreachTry.objects.order_by("-tried_at", "-id"))
    rows = OutreachTask.objects.filter(reference=reference).prefetch_related(tries)
    return list(rows.order_by("-created_at", "-id"))


def visits_of(task: OutreachTask) -> list[VisitRecord]:
    """The records of visits that were finished, newest first."""
    rows = VisitRecord.objects.filter(task=task, finished_at__isnull=False)
    return list(rows.order_by("-finished_at", "-id"))


def workers(*, now: datetime) -> list[tuple[int, str]]:
    """Who makes calls and visits at this moment: account and name, by name."""
    roles = [role for role, held in ROLE_PERMISSIONS.items() if Permission.WORK_OUTREACH in held]
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    rows = Membership.objects.filter(holds, is_active=True, role__in=roles).order_by("user__name")
    return list(rows.values_list("user_id", "user__name"))
