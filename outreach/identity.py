"""The identity check on the telephone and at the door: match or no match, counted, and locked after five."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record
from customers.selectors import facts_of
from outreach.models import OutreachTask
from outreach.proving import Said, agrees
from outreach.services import hold_task
from questionnaires.links import LOCK, MAX_FAILURES

# As long as one conversation may take; after that, or for a colleague, the questions are asked again.
HOLDS = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check came to; which of the facts was wrong is not known to anybody outside."""

    is_match: bool
    remaining: int
    locked_until: datetime | None = None


def check_identity(*, task_id: UUID, said: Said, actor: Actor, now: datetime) -> Verdict:
    """Compare what was said with the file and count what was wrong. What was said is kept nowhere.

    Raises:
        OutreachRefused: the task is closed or a colleague's.
    """
    with transaction.atomic():
        rows = OutreachTask.objects.select_for_update(no_key=True, of=("self",))
        task: OutreachTask = rows.select_related("customer").get(pk=task_id)
        hold_task(task, actor=actor, now=now)
        if locked_until := _locked_until(task, now):
            return Verdict(False, 0, locked_until)
        if agrees(said, facts_of(task.customer)):
            task.failed_proofs, task.locked_until = 0, None
            task.proved_at, task.proved_by = now, int(actor.id)
            task.save(update_fields=["failed_proofs", "locked_until", "proved_at", "proved_by"])
            record("outreachtask.proved", target=task, actor=actor, at=now, facts=said.count)
            return Verdict(True, MAX_FAILURES)
        return _count_failure(task, actor, now)


def is_proved(task: OutreachTask, user_id: int, now: datetime) -> bool:
    """Whether this member has just made sure whom they speak to."""
    return task.proved_by == user_id and task.proved_at is not None and now - task.proved_at < HOLDS


def _locked_until(task: OutreachTask, now: datetime) -> datetime | None:
    """By any task about the customer: another one is no way to more guesses."""
    locks = OutreachTask.objects.filter(customer_id=task.customer_id, locked_until__gt=now)
    until: datetime | None = locks.order_by("-locked_until").values_list("locked_until", flat=True).first()
    return until


def _count_failure(task: OutreachTask, actor: Actor, now: datetime) -> Verdict:
    if task.locked_until:  # that lock is over; counting starts afresh
        task.failed_proofs, task.locked_until = 0, None
    task.failed_proofs += 1
    task.proved_at = task.proved_by = None
    is_last = task.failed_proofs >= MAX_FAILURES
    task.locked_until = now + LOCK if is_last else None
    task.save(update_fields=["failed_proofs", "locked_until", "proved_at", "proved_by"])
    record("outreachtask.proof_refused", target=task, actor=actor, at=now, failures=task.failed_proofs, locked=is_last)
    return Verdict(False, MAX_FAILURES - task.failed_proofs, task.locked_until)
