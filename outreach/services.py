"""Making tasks, giving them to people, and noting what came of each call and visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from audit.services import Actor, record, record_many
from audit.transitions import IllegalTransition, LostRace, transition, transition_many
from customers.flags.selectors import may_not_be_contacted, silenced
from customers.models import ContactPoint, Customer
from customers.services import mark_contact_health
from customers.viewing import is_sensitive
from outreach import outcomes
from outreach.models import DailyCapacity, OutreachKind, OutreachTask, OutreachTry
from outreach.outcomes import Next, next_step
from outreach.selectors import capacities, is_working_day, open_reference
from outreach.signals import tasks_given_up
from outreach.spreading import next_working_day, spread
from tenants.four_eyes import standing_of
from tenants.permissions import Permission

JAPAN = ZoneInfo("Asia/Tokyo")
Status, Origin = OutreachTask.Status, OutreachTask.Origin
_OPEN = (Status.OPEN, Status.ASSIGNED)
_PRIORITY = {"HIGH": OutreachTask.Priority.HIGH, "LOW": OutreachTask.Priority.LOW}
_BATCH = 2_000


class OutreachRefused(Exception):
    """The step can't be taken; the text tells the person what to do next."""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """Somebody to be called or visited about one periodic review."""

    customer: Customer
    reference: UUID | None
    why: str | None = None


@transaction.atomic
def queue_tasks(
    *, requests: Sequence[TaskRequest], kind: str, actor: Actor, now: datetime, origin: str = Origin.LADDER
) -> list[OutreachTask]:
    """A task for each request, spread over the working days by what each branch can do.

    A reference that has an open task of this kind keeps that one, and whoever may not be contacted gets none.
    Returns those that are new.
    """
    left_alone = may_not_be_contacted([request.customer.pk for request in requests])
    requests = [request for request in requests if request.customer.pk not in left_alone]
    made: list[OutreachTask] = []
    is_working = is_working_day()
    for branch_code in sorted({request.customer.branch_code for request in requests}):
        own = [request for request in requests if request.customer.branch_code == branch_code]
        days = _days(len(own), kind, branch_code, now, is_working)
        made += [_task(request, kind, origin, day, now) for request, day in zip(own, days, strict=True)]
    OutreachTask.objects.bulk_create(made, batch_size=_BATCH, ignore_conflicts=True)
    kept = set(OutreachTask.objects.filter(pk__in=[task.pk for task in made]).values_list("pk", flat=True))
    created = [task for task in made if task.pk in kept]
    record_many("outreachtask.made", targets=created, actor=actor, at=now, kind=str(kind), origin=str(origin))
    return created


def make_task(*, customer: Customer, kind: str, actor: Actor, now: datetime) -> OutreachTask:
    """A task made by hand; it asks what the customer is being asked at present, if anything.

    Raises:
        OutreachRefused: there is one already.
    """
    with transaction.atomic():
        request = TaskRequest(customer, open_reference(customer.pk))
        return _make(request, kind, Origin.HAND, actor, now)


def ask_customer(
    *, customer: Customer, reference: UUID, kind: str, why: str, actor: Actor, now: datetime
) -> OutreachTask:
    """A reviewer has a question to the customer about answers that are in; what came of it shows in the case.

    Raises:
        OutreachRefused: there is such a task already.
    """
    with transaction.atomic():
        return _make(TaskRequest(customer, reference, why.strip()), kind, Origin.CASE, actor, now)


def _make(request: TaskRequest, kind: str, origin: str, actor: Actor, now: datetime) -> OutreachTask:
    customer = Customer.objects.select_for_update(no_key=True).get(pk=request.customer.pk)
    if customer.status == Customer.Status.MERGED:
        raise OutreachRefused(_("This customer is part of another. Enter the task with that one."))
    if may_not_be_contacted([request.customer.pk]):
        raise OutreachRefused(_("A flag keeps everybody from contacting this customer. Look at the flags first."))
    if OutreachTask.objects.filter(customer=request.customer, kind=kind, status__in=_OPEN).exists():
        raise OutreachRefused(_("There is such a task for this customer already."))
    (task,) = queue_tasks(requests=[request], kind=kind, actor=actor, now=now, origin=origin)
    return task


def take_task(*, task: OutreachTask, actor: Actor, now: datetime) -> None:
    """The actor takes a task that nobody has.

    Raises:
        OutreachRefused.
    """
    assign_task(task=task, assignee=int(actor.id), actor=actor, now=now)


def assign_task(*, task: OutreachTask, assignee: int | None, actor: Actor, now: datetime) -> None:
    """Give a task to a member, or back to everybody.

    Raises:
        OutreachRefused: it is closed, a colleague was faster, or that person may not work on it.
    """
    with transaction.atomic():
        held = _locked(task.pk)
        if held.assignee == assignee:
            return
        if assignee is not None:
            _check_may_work(held, assignee, now)
        if held.status == Status.ASSIGNED:
            _move(held, Status.OPEN, actor=actor, now=now, assignee=None)
        if assignee is not None:
            _move(held, Status.ASSIGNED, actor=actor, now=now, assignee=assignee)


def assign_tasks(*, task_ids: Collection[UUID], assignee: int | None, actor: Actor, now: datetime) -> int:
    """Give several tasks to a member, or back to everybody, all or none; returns how many.

    Raises:
        OutreachRefused: one of them is closed, or that person may not work on them.
    """
    with transaction.atomic():
        tasks = list(OutreachTask.objects.filter(pk__in=task_ids).order_by("id"))
        for task in tasks:
            assign_task(task=task, assignee=assignee, actor=actor, now=now)
    return len(tasks)


def record_try(
    *,
    task: OutreachTask,
    token: UUID,
    outcome: str,
    note: str,
    call_back_at: datetime | None,
    actor: Actor,
    now: datetime,
) -> OutreachTry:
    """Note what came of one call or visit, and do what follows from it. The same ``token`` twice is one try.

    Raises:
        OutreachRefused: the task is closed or somebody else's, or no time is given to come back at.
    """
    with transaction.atomic():
        held = _locked(task.pk)
        known: OutreachTry | None = OutreachTry.objects.filter(token=token, task=held).first()
        if known:
            return known
        _check_call_back(outcome, call_back_at, now)
        hold_task(held, actor=actor, now=now)
        made: OutreachTry = OutreachTry.objects.create(
            task=held,
            token=token,
            outcome=outcome,
            tried_by=int(actor.id),
            tried_at=now,
            call_back_at=call_back_at if outcome == OutreachTry.Outcome.CALL_BACK else None,
            note=note.strip() or None,
        )
        record("outreachtask.tried", target=held, actor=actor, at=now, outcome=outcome, kind=held.kind)
        _follow(held, made, actor=actor, now=now)
    return made


def close_answered(*, task: OutreachTask, actor: Actor, now: datetime) -> None:
    """Answers were taken: the task is done. Called in the transaction that submits them, before they are."""
    token = task.pk  # one such try a task
    outcome = OutreachTry.Outcome.ANSWERED
    record_try(task=task, token=token, outcome=outcome, note="", call_back_at=None, actor=actor, now=now)


def cancel_tasks(*, references: Collection[UUID], actor: Actor, now: datetime) -> list[UUID]:
    """Nobody need be called or visited about these any more; returns the tasks that were still open.

    Whoever asked to be called is called all the same.
    """
    rows = OutreachTask.objects.filter(reference__in=list(references)).exclude(origin=Origin.ASKED)
    return _cancel(rows, actor, now)


def cancel_tasks_of(*, customer_id: UUID, kinds: Collection[str], actor: Actor, now: datetime) -> list[UUID]:
    """Nobody must contact this customer in these ways any more, whatever it was about; as ``cancel_tasks``."""
    return _cancel(OutreachTask.objects.filter(customer=customer_id, kind__in=list(kinds)), actor, now)


def cancel_tasks_of_silenced(*, actor: Actor, now: datetime) -> list[UUID]:
    """Tasks that were made just while a flag was raised which keeps everybody away; as ``cancel_tasks``."""
    silent = Exists(silenced().filter(customer=OuterRef("customer_id")))
    return _cancel(OutreachTask.objects.filter(silent), actor, now)


def _cancel(rows: QuerySet[OutreachTask], actor: Actor, now: datetime) -> list[UUID]:
    ids = list(rows.filter(status__in=_OPEN).values_list("pk", flat=True))
    moved: list[UUID] = []
    for was in _OPEN:
        moved += transition_many(
            OutreachTask, ids, was=was, to=Status.CANCELLED, actor=actor, at=now, closed_at=now
        )  # fmt: skip
    return moved


def cancel_task(*, task: OutreachTask, actor: Actor, now: datetime) -> None:
    """A person decides that this call or visit is not needed.

    Raises:
        OutreachRefused: it is closed.
    """
    with transaction.atomic():
        _move(_locked(task.pk), Status.CANCELLED, actor=actor, now=now, closed_at=now)


def set_capacity(
    *, kind: str, branch_code: str, tasks: int, actor: Actor, now: datetime, person: int | None = None
) -> None:
    """How many calls or visits a branch or a person makes in a day from now on.

    Without either it is that of every branch that has no number of its own.
    """
    branch_code = "" if person is not None else branch_code
    with transaction.atomic():
        row, _made = DailyCapacity.objects.update_or_create(
            kind=kind, branch_code=branch_code, person=person, defaults={"tasks": tasks}
        )
        whose = {"branch": branch_code} if person is None else {"person": person}
        record("dailycapacity.set", target=row, actor=actor, at=now, kind=kind, tasks=tasks, **whose)


def hold_task(task: OutreachTask, *, actor: Actor, now: datetime) -> None:
    """Make sure that the actor is the one who works on a task: a free one becomes theirs.

    Raises:
        OutreachRefused: it is closed or somebody else's.
    """
    if task.status == Status.OPEN:
        _check_may_work(task, int(actor.id), now)
        _move(task, Status.ASSIGNED, actor=actor, now=now, assignee=int(actor.id))
    if task.status != Status.ASSIGNED:
        raise OutreachRefused(_("This task is closed. Nothing more can be entered."))
    if task.assignee != int(actor.id):
        raise OutreachRefused(_("A colleague works on this task. Have it assigned to you first."))


def _follow(task: OutreachTask, made: OutreachTry, *, actor: Actor, now: datetime) -> None:
    vain = OutreachTry.objects.filter(task=task, outcome__in=outcomes.IN_VAIN).count()
    step = next_step(made.outcome, kind=task.kind, tries_in_vain=vain)
    if learnt := outcomes.learnt_of(task.kind, made.outcome):
        channel, health, reason = learnt
        points = ContactPoint.objects.filter(customer_id=task.customer_id, channel=channel, is_current=True)
        ids = list(points.values_list("pk", flat=True))
        mark_contact_health(contact_ids=ids, health=health, reason=reason, now=now)
    if step is Next.DONE:
        _move(task, Status.DONE, actor=actor, now=now, closed_at=now)
    elif step is Next.GIVE_UP:
        _move(task, Status.GAVE_UP, actor=actor, now=now, closed_at=now)
        tasks_given_up.send(OutreachTask, task_ids=[task.pk], now=now)
    else:
        today = now.astimezone(JAPAN).date()
        at = made.call_back_at if step is Next.LATER else None
        task.call_back_at = at
        task.due_on = at.astimezone(JAPAN).date() if at else next_working_day(today, is_working_day())
        task.save(update_fields=["call_back_at", "due_on"])


def _check_call_back(outcome: str, call_back_at: datetime | None, now: datetime) -> None:
    if outcome == OutreachTry.Outcome.CALL_BACK and (call_back_at is None or call_back_at <= now):
        raise OutreachRefused(_("Enter the time agreed, which must be still to come."))


def _check_may_work(task: OutreachTask, user_id: int, now: datetime) -> None:
    standing = standing_of(Actor.user(user_id), now=now)
    if standing is None or not standing.may(Permission.WORK_OUTREACH):
        raise OutreachRefused(_("This person makes no calls and visits. Choose somebody else."))
    if is_sensitive(task.customer) and not standing.may(Permission.VIEW_PERSONAL_DATA):
        raise OutreachRefused(_("This customer's data are for the institution's own staff. Choose somebody else."))


def _locked(task_id: UUID) -> OutreachTask:
    held: OutreachTask = OutreachTask.objects.select_for_update(no_key=True).get(pk=task_id)
    return held


def _move(task: OutreachTask, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    try:
        transition(task, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as refusal:
        raise OutreachRefused(_("This task is in another state by now. Reload the page to see where it stands.")) from (
            refusal
        )


def _task(request: TaskRequest, kind: str, origin: str, day: date, now: datetime) -> OutreachTask:
    customer = request.customer
    return OutreachTask(
        customer=customer,
        reference=request.reference,
        kind=kind,
        origin=origin,
        why=request.why or None,
        priority=_PRIORITY.get(customer.risk_tier, OutreachTask.Priority.NORMAL),
        branch_code=customer.branch_code,
        due_on=day,
        created_at=now,
    )


def _days(count: int, kind: str, branch_code: str, now: datetime, is_working: Callable[[date], bool]) -> list[date]:
    today = now.astimezone(JAPAN).date()
    rows = OutreachTask.objects.filter(kind=kind, branch_code=branch_code, status__in=_OPEN, due_on__gt=today)
    taken = Counter(dict(rows.order_by().values_list("due_on").annotate(Count("id"))))
    capacity = capacities().of(OutreachKind(kind), branch_code)
    return spread(count, after=today, capacity=capacity, taken=taken, is_working=is_working)
