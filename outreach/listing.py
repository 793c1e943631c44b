"""The lists of calls and visits: read from an address, and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.exporting.lists import Asked, ListKind, register_list
from outreach.models import OutreachKind, OutreachTask
from outreach.selectors import LISTS, tasks_in
from tenants.people import names_of

NAME = "tasks"
LIST_NAMES = {
    "own": _("My tasks"),
    "unassigned": _("To be assigned"),
    "open": _("All open"),
    "overdue": _("Overdue"),
    "closed": _("Closed"),
}
_COLUMNS = {
    "tasks_kind": _("Call or visit"),
    "tasks_state": _("State of the task"),
    "tasks_origin": _("Why"),
    "tasks_due_on": _("Due on"),
    "tasks_assignee": _("Assigned to"),
    "tasks_closed_at": _("Closed at"),
}
_MAX_BRANCH = 8


def asked_of(address: Asked) -> Asked | None:
    """What an address asks: which list, whose, of which kind and branch; None where there is no such list."""
    which, person = address.get("tasks", ""), address.get("person", "")
    if which not in LISTS or (which == "own" and not person):
        return None
    kind, branch = address.get("kind", ""), address.get("branch", "")[:_MAX_BRANCH]
    asked = {
        "tasks": which,
        "kind": kind if kind in OutreachKind.values else "",
        "branch": branch,
        "person": person if person.isdecimal() and len(person) < 10 else "",
    }
    return {key: value for key, value in asked.items() if value}


def _tasks(asked: Asked, today: date) -> QuerySet[OutreachTask]:
    person = int(asked.get("person", "0"))
    return tasks_in(
        which=asked["tasks"],
        user_id=person,
        today=today,
        kind=asked.get("kind", ""),
        branch_code=asked.get("branch", ""),
        assignee=person or None,
    )


def _customers(asked: Asked, today: date) -> Q:
    return Q(pk__in=_tasks(asked, today).values("customer"))


def _values(asked: Asked, ids: Sequence[UUID], today: date) -> Mapping[UUID, Mapping[str, str]]:
    tasks = list(_tasks(asked, today).filter(customer__in=ids).order_by("created_at", "pk"))
    people = names_of([task.assignee for task in tasks])
    return {
        task.customer_id: {
            "tasks_kind": task.get_kind_display(),
            "tasks_state": task.get_status_display(),
            "tasks_origin": task.get_origin_display(),
            "tasks_due_on": task.due_on.isoformat(),
            "tasks_assignee": people.get(task.assignee or 0, ""),
            "tasks_closed_at": f"{localtime(task.closed_at):%Y-%m-%d %H:%M}" if task.closed_at else "",
        }
        for task in tasks
    }


def _words(asked: Asked) -> list[tuple[str, str]]:
    said = [(gettext("Calls and visits"), str(LIST_NAMES[asked["tasks"]]))]
    if kind := asked.get("kind"):
        said.append((gettext("Call or visit"), str(OutreachKind(kind).label)))
    if branch := asked.get("branch"):
        said.append((gettext("Branch"), branch))
    if person := asked.get("person"):
        said.append((gettext("Assigned to"), names_of([int(person)]).get(int(person), "—")))
    return said


def register() -> None:
    """Called when the apps are ready."""
    kind = ListKind(
        title=_("Calls and visits"),
        read=asked_of,
        customers=_customers,
        columns=_COLUMNS,
        values=_values,
        words=_words,
    )
    register_list(NAME, kind)
