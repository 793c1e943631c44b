"""What the pages of one task show of its customer: to whoever works on it, and no more than that needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from customers.models import Customer
from customers.presenting import hide, name_shown, say
from customers.selectors import facts_of, facts_of_each
from outreach.models import OutreachTask


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to ask for, where. ``dial`` is "" where the number may not be seen or is not known."""

    name: str
    kana: str
    phone: str
    dial: str
    address: str


@dataclass(frozen=True, slots=True)
class Row:
    """One task of a list."""

    task: OutreachTask
    name: str
    is_overdue: bool


def person_of(customer: Customer, *, masked: bool) -> Person:
    """The customer as the task's page shows them; neither birth date nor account is here, for they are asked."""
    facts = facts_of(customer)
    is_company = customer.kind == Customer.Kind.COMPANY

    def shown(key: str) -> str:
        words = say(key, facts.get(key))
        return hide(key, words, is_company=is_company) if masked else words

    phone = str(facts.get("phone") or "")
    return Person(
        name=name_shown(customer, facts, masked=masked),
        kana="" if masked else shown("kana"),
        phone=shown("phone"),
        dial="" if masked else phone,
        address=shown("address"),
    )


def rows_of(tasks: Iterable[OutreachTask], *, masked: bool, today: date) -> list[Row]:
    """The tasks of a list with whom they are about."""
    tasks = list(tasks)
    facts: Mapping[UUID, Mapping[str, object]] = facts_of_each(task.customer for task in tasks)
    return [
        Row(
            task=task,
            name=name_shown(task.customer, facts[task.customer_id], masked=masked),
            is_overdue=task.is_open and task.due_on < today,
        )
        for task in tasks
    ]


def is_done_by(task: OutreachTask, user_id: int) -> bool:
    """Whether the task is this member's to do at present: so long they see whom they are to reach."""
    return task.status == OutreachTask.Status.ASSIGNED and task.assignee == user_id


def code_of(task: OutreachTask) -> str:
    """What the task is called before people who may not know the customer's number."""
    return task.pk.hex[-8:].upper()


def is_locked(task: OutreachTask, now: datetime) -> bool:
    """Whether nobody may try to prove themselves at present."""
    return task.locked_until is not None and task.locked_until > now
