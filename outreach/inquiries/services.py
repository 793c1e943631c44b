"""Inquiries: taken from the customer's pages, given to somebody, answered, closed and opened again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, transition
from customers.viewing import is_sensitive
from outreach.inquiries.emergencies import is_emergency
from outreach.inquiries.models import Inquiry, InquiryMessage
from outreach.inquiries.telling import Told, tell_of_answer
from outreach.selectors import is_working_day
from outreach.spreading import next_days
from outreach.tellers import Teller, TooMany, check_pace, new_number
from retention.expiring import day_in_japan
from tenants.four_eyes import standing_of
from tenants.permissions import Permission

Status = Inquiry.Status
# Working days within which an inquiry is answered.
ANSWERED_WITHIN = 2
MOST_MESSAGES_AN_HOUR = 10
_HOUR = timedelta(hours=1)
LONGEST = 2_000


class InquiryRefused(Exception):
    """The step can't be taken; the text tells the member of staff what to do next."""


class InquiryClosed(Exception):
    """The customer wants to add something to an inquiry that cannot be written to."""


@transaction.atomic
def open_inquiry(
    *, teller: Teller, token: UUID, topic: str, reply_by: str, text: str, now: datetime
) -> tuple[Inquiry, bool]:
    """Take an inquiry; the same ``token`` twice is one. Returns it, and whether it was new.

    Raises:
        TooMany
    """
    known: InquiryMessage | None = InquiryMessage.objects.filter(token=token).select_related("inquiry").first()
    if known:
        return known.inquiry, False
    check_pace(teller, Inquiry.objects.all(), now=now)
    is_urgent = topic == Inquiry.Topic.LOSS or is_emergency(text)
    inquiry: Inquiry = Inquiry.objects.create(
        customer=teller.customer,
        number=new_number(Inquiry.objects.all()),
        reference=teller.reference,
        link_reference=teller.link_id,
        is_proved=teller.is_proved,
        topic=topic,
        reply_by=reply_by,
        language=teller.language,
        is_urgent=is_urgent,
        due_on=due_on(now, is_urgent=is_urgent),
        told_at=now,
    )
    record(
        "inquiry.opened",
        target=inquiry,
        actor=teller.actor,
        at=now,
        topic=topic,
        reply_by=reply_by,
        proved=teller.is_proved,
        urgent=is_urgent,
    )
    _write(inquiry, token, text, is_proved=teller.is_proved, now=now)
    return inquiry, True


@transaction.atomic
def add_message(*, inquiry: Inquiry, teller: Teller, token: UUID, text: str, now: datetime) -> Inquiry:
    """The customer, who proved who they are, writes again; what was answered or closed is open again by that.

    Raises:
        InquiryClosed: it is another customer's, or nobody proved anything.
        TooMany: ten messages within an hour.
    """
    held = _locked(inquiry.pk)
    if not teller.is_proved or held.customer_id != teller.customer.pk:
        raise InquiryClosed
    if InquiryMessage.objects.filter(token=token).exists():
        return held
    lately = InquiryMessage.objects.filter(inquiry=held, written_by__isnull=True, written_at__gt=now - _HOUR)
    if lately.count() >= MOST_MESSAGES_AN_HOUR:
        raise TooMany
    is_urgent = held.is_urgent or is_emergency(text)
    _write(held, token, text, is_proved=True, now=now)
    record("inquiry.asked_again", target=held, actor=teller.actor, at=now, urgent=is_urgent)
    due = due_on(now, is_urgent=is_urgent)
    if held.status == Status.OPEN:
        held.is_urgent, held.due_on = is_urgent, min(held.due_on, due)
        held.save(update_fields=["is_urgent", "due_on"])
    else:
        _move(held, Status.OPEN, actor=teller.actor, now=now, is_urgent=is_urgent, due_on=due, closed_at=None)
    return held


@transaction.atomic
def answer_inquiry(*, inquiry: Inquiry, token: UUID, text: str, actor: Actor, now: datetime) -> Told:
    """Write to the customer, and let them know that there is something to read; returns how they are told.

    Raises:
        InquiryRefused: nothing is written, or it is a colleague's.
    """
    if not text.strip():
        raise InquiryRefused(_("Write the answer."))
    held = _locked(inquiry.pk)
    if InquiryMessage.objects.filter(token=token).exists():
        return Told.ALREADY
    if held.status == Status.CLOSED:
        raise InquiryRefused(_("This inquiry is closed. Open it again first."))
    hold_inquiry(held, actor=actor, now=now)
    _write(held, token, text, actor=actor, now=now)
    record("inquiry.written", target=held, actor=actor, at=now)
    if held.status == Status.OPEN:
        _move(held, Status.ANSWERED, actor=actor, now=now)
    return tell_of_answer(held, actor=actor, now=now)


@transaction.atomic
def close_inquiry(*, inquiry: Inquiry, actor: Actor, now: datetime) -> None:
    """Nothing more is to be done. The customer may still write, and opens it again by that.

    Raises:
        InquiryRefused: it is closed, or a colleague's.
    """
    held = _locked(inquiry.pk)
    hold_inquiry(held, actor=actor, now=now)
    _move(held, Status.CLOSED, actor=actor, now=now, closed_at=now)


@transaction.atomic
def reopen_inquiry(*, inquiry: Inquiry, actor: Actor, now: datetime) -> None:
    """Something is to be done after all.

    Raises:
        InquiryRefused: it is open, or a colleague's.
    """
    held = _locked(inquiry.pk)
    hold_inquiry(held, actor=actor, now=now)
    due = due_on(now, is_urgent=held.is_urgent)
    _move(held, Status.OPEN, actor=actor, now=now, due_on=due, closed_at=None)


@transaction.atomic
def assign_inquiry(*, inquiry: Inquiry, assignee: int | None, actor: Actor, now: datetime) -> None:
    """Give an inquiry to a member, or back to everybody.

    Raises:
        InquiryRefused: that person may not answer it.
    """
    held = _locked(inquiry.pk)
    if held.assignee == assignee:
        return
    if assignee is not None:
        _check_may_work(held, assignee, now)
    held.assignee = assignee
    held.save(update_fields=["assignee"])
    record("inquiry.assigned", target=held, actor=actor, at=now, to=assignee)


def hold_inquiry(inquiry: Inquiry, *, actor: Actor, now: datetime) -> None:
    """Make sure that the actor is the one who answers: one that nobody has becomes theirs.

    Raises:
        InquiryRefused: a colleague has it.
    """
    if inquiry.assignee is None:
        assign_inquiry(inquiry=inquiry, assignee=int(actor.id), actor=actor, now=now)
        inquiry.assignee = int(actor.id)
    if inquiry.assignee != int(actor.id):
        raise InquiryRefused(_("A colleague has this inquiry. Have it assigned to you first."))


def due_on(now: datetime, *, is_urgent: bool) -> date:
    """By when it is answered: today, or two working days on."""
    today = day_in_japan(now)
    return today if is_urgent else next_days(ANSWERED_WITHIN, after=today, is_working=is_working_day())[-1]


def _write(
    inquiry: Inquiry, token: UUID, text: str, *, now: datetime, actor: Actor | None = None, is_proved: bool = False
) -> None:
    InquiryMessage.objects.create(
        inquiry=inquiry,
        token=token,
        text=text.replace("\r\n", "\n").strip()[:LONGEST],
        written_by=int(actor.id) if actor else None,
        is_proved=is_proved,
        written_at=now,
    )


def _check_may_work(inquiry: Inquiry, user_id: int, now: datetime) -> None:
    standing = standing_of(Actor.user(user_id), now=now)
    if standing is None or not standing.may(Permission.WORK_OUTREACH):
        raise InquiryRefused(_("This person answers no inquiries. Choose somebody else."))
    if is_sensitive(inquiry.customer) and not standing.may(Permission.VIEW_PERSONAL_DATA):
        raise InquiryRefused(_("This customer's data are for the institution's own staff. Choose somebody else."))


def _locked(inquiry_id: UUID) -> Inquiry:
    rows = Inquiry.objects.select_for_update(of=("self",), no_key=True).select_related("customer")
    held: Inquiry = rows.get(pk=inquiry_id)
    return held


def _move(inquiry: Inquiry, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    try:
        transition(inquiry, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as refusal:
        raise InquiryRefused(
            _("This inquiry is in another state by now. Reload the page to see where it stands.")
        ) from refusal
