"""Taking a customer's wish to be called: it becomes a task of calling on that day, or is added to the one there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from audit.services import record
from channels.gates import hours_of, sending_rules
from outreach.calls import hours
from outreach.calls.hours import Desk
from outreach.calls.models import CallRequest
from outreach.models import OutreachKind, OutreachTask
from outreach.services import TaskRequest, queue_tasks
from outreach.spreading import working_days
from outreach.tellers import Teller, check_pace, new_number
from tenants.models import Tenant

_OPEN = (OutreachTask.Status.OPEN, OutreachTask.Status.ASSIGNED)


class NotThen(Exception):
    """Nobody is at the telephone on that day, in that part of it, or it is too soon."""


@dataclass(frozen=True, slots=True)
class Wish:
    """When a customer wants to be called. ``phone`` is "" for the number on file; ``why`` is for who calls."""

    token: UUID
    day: date
    part: str
    phone: str = ""
    why: str = ""


def desk_of(tenant: Tenant) -> Desk:
    """When somebody is at the telephone. Needs the tenant's scope; one query."""
    holidays = hours_of(sending_rules()).holidays
    return Desk(tenant.calls_from, tenant.calls_until, working_days(holidays))


@transaction.atomic
def request_call(*, teller: Teller, tenant: Tenant, wish: Wish, now: datetime) -> CallRequest:
    """Have the customer called. The same ``wish.token`` twice is one request.

    Where a flag keeps everybody from calling, the request stands alone, for staff to see with the customer.

    Raises:
        NotThen
        TooMany
    """
    known: CallRequest | None = CallRequest.objects.filter(token=wish.token).first()
    if known:
        return known
    check_pace(teller, CallRequest.objects.all(), now=now)
    desk = desk_of(tenant)
    if wish.part not in hours.parts(desk) or wish.day not in hours.days(desk, now=now):
        raise NotThen
    if not hours.is_possible(wish.day, wish.part, desk, now=now):
        raise NotThen
    task = _task(teller, wish, now)
    made: CallRequest = CallRequest.objects.create(
        customer=teller.customer,
        task=task,
        token=wish.token,
        number=new_number(CallRequest.objects.all()),
        link_reference=teller.link_id,
        is_proved=teller.is_proved,
        language=teller.language,
        day=wish.day,
        part=wish.part,
        phone=wish.phone or None,
        told_at=now,
    )
    if task:
        task.call_back_at = hours.moment(wish.day, wish.part, desk, now=now)
        task.due_on = wish.day
        task.save(update_fields=["call_back_at", "due_on"])
    record(
        "callrequest.made",
        target=made,
        actor=teller.actor,
        at=now,
        day=wish.day.isoformat(),
        part=wish.part,
        proved=teller.is_proved,
        other_number=bool(wish.phone),
    )
    return made


def _task(teller: Teller, wish: Wish, now: datetime) -> OutreachTask | None:
    """The task that is open already, or a new one; None where nobody may call."""
    kind = OutreachKind.TELEPHONE
    waiting = OutreachTask.objects.filter(customer=teller.customer, kind=kind, status__in=_OPEN)
    held: OutreachTask | None = waiting.select_for_update(no_key=True).order_by("due_on", "id").first()
    if held:
        return held
    made = queue_tasks(
        requests=[TaskRequest(teller.customer, teller.reference, wish.why or None)],
        kind=kind,
        actor=teller.actor,
        now=now,
        origin=OutreachTask.Origin.ASKED,
    )
    return made[0] if made else None
