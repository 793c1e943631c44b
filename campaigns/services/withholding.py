"""What a flag does to the asking that is under way: what waits is withdrawn, and links end where they must."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit.services import record
from audit.transitions import transition
from campaigns.arithmetic import stranded
from campaigns.models import PeriodicReview
from campaigns.planning import TELEPHONE
from campaigns.services.refusals import SYSTEM
from campaigns.services.sending import send_next, take_out
from channels.services import cancel_queued
from customers.flags.rules import ENDING_LINKS, GUARDIAN, SILENCING
from outreach.models import OutreachKind
from outreach.services import cancel_tasks, cancel_tasks_of
from questionnaires.links import end_links
from questionnaires.services import cancel_responses

Status = PeriodicReview.Status
_ASKED = (Status.PLANNED, Status.NOTIFIED, Status.UNREACHABLE, Status.NO_ANSWER)


def heed_flag(*, customer_id: UUID, kind: str, now: datetime) -> None:
    """Withdraw what waits for a customer who was flagged. What is in flight may still arrive.

    An answer that is in goes its way; one that may still come is taken wherever its link stays open.
    """
    with transaction.atomic():
        if kind in ENDING_LINKS:  # the responses first, as an answer does that is just coming in
            asked = PeriodicReview.objects.filter(customer=customer_id, status__in=_ASKED)
            cancel_responses(references=list(asked.values_list("id", flat=True)), actor=SYSTEM, now=now)
        elif kind == GUARDIAN:
            asked = PeriodicReview.objects.filter(customer=customer_id)
            end_links(references=list(asked.values_list("id", flat=True)), actor=SYSTEM, now=now)
        rows = PeriodicReview.objects.filter(customer=customer_id, status__in=_ASKED).order_by("id")
        held = list(rows.select_for_update(of=("self",), no_key=True).select_related("campaign"))
        if kind in SILENCING:
            _fall_silent(held, customer_id, kind, now)
        elif kind == GUARDIAN:
            _turn_to_guardian(held, customer_id, now)


def heed_refusal(*, reference: UUID, now: datetime) -> None:
    """The customer does not wish to answer: what waits is withdrawn, and the review stands as at its deadline.

    An answer counts all the same, should it come after all.
    """
    with transaction.atomic():
        rows = PeriodicReview.objects.select_for_update(of=("self",), no_key=True)
        review = rows.filter(pk=reference, status=Status.NOTIFIED).first()
        if review is None:
            return
        cancel_queued(references=[reference], actor=SYSTEM, now=now)
        cancel_tasks(references=[reference], actor=SYSTEM, now=now)
        transition(review, Status.NO_ANSWER, actor=SYSTEM, at=now)
        record("periodicreview.refused", target=review, actor=SYSTEM, at=now)


def _fall_silent(held: list[PeriodicReview], customer_id: UUID, kind: str, now: datetime) -> None:
    references = [review.pk for review in held]
    cancel_queued(references=references, actor=SYSTEM, now=now)
    cancel_tasks_of(customer_id=customer_id, kinds=OutreachKind.values, actor=SYSTEM, now=now)
    notified = PeriodicReview.objects.filter(pk__in=references, status=Status.NOTIFIED)
    # Of those who may keep their links: whom nothing reached holds none, and waits for nothing.
    ending = notified if kind in ENDING_LINKS else stranded(notified)
    take_out(list(ending.values_list("id", flat=True)), was=Status.NOTIFIED, why=kind, now=now)
    planned = [review.pk for review in held if review.status == Status.PLANNED]
    take_out(planned, was=Status.PLANNED, why=kind, now=now)


def _turn_to_guardian(held: list[PeriodicReview], customer_id: UUID, now: datetime) -> None:
    """The guardian is asked instead, whatever has reached the customer; nobody goes to the customer's door.

    A call that is to be made stays one: it is the guardian who is called.
    """
    references = [review.pk for review in held]
    cancel_queued(references=references, actor=SYSTEM, now=now)
    cancel_tasks_of(customer_id=customer_id, kinds=[OutreachKind.VISIT], actor=SYSTEM, now=now)
    waiting = stranded(PeriodicReview.objects.filter(pk__in=references))
    left = set(waiting.values_list("id", flat=True))
    for review in held:
        if review.pk in left or (review.status == Status.NOTIFIED and review.channel != TELEPHONE):
            send_next(review.campaign, [review], was=Status.NOTIFIED, after={}, now=now)
