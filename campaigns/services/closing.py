"""Ending campaigns: by a person, by the deadline, or because everybody has been heard."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from audit.services import Actor
from audit.transitions import transition_many
from campaigns.models import Campaign, PeriodicReview
from campaigns.selectors import OPEN_STATES
from campaigns.services.receiving import reconcile_unverified
from campaigns.services.refusals import JAPAN, SYSTEM, move
from campaigns.services.sending import GRACE
from channels.services import cancel_queued
from outreach.services import cancel_tasks
from questionnaires.services import cancel_responses

Status = PeriodicReview.Status


def close_campaign(*, campaign: Campaign, actor: Actor, now: datetime) -> None:
    """End a campaign. Whoever has not answered is no longer asked: notices are withdrawn, links end.

    Raises:
        CampaignNotReady.
    """
    with transaction.atomic():
        move(campaign, Campaign.Status.CLOSED, actor=actor, now=now, closed_at=now)
        for was in (Status.PLANNED, Status.NOTIFIED, Status.UNREACHABLE, Status.NO_ANSWER):
            _cancel(campaign, was, actor, now)


def _cancel(campaign: Campaign, was: str, actor: Actor, now: datetime) -> None:
    ids = list(PeriodicReview.objects.filter(campaign=campaign, status=was).values_list("id", flat=True))
    # The responses first and the tasks last, as an answer does that is just coming in.
    cancel_responses(references=ids, actor=actor, now=now)
    if was not in (Status.UNREACHABLE, Status.NO_ANSWER):  # outcomes stay; only the door closes
        moved = transition_many(PeriodicReview, ids, was=was, to=Status.CANCELLED, actor=actor, at=now)
        cancel_queued(references=moved, actor=actor, now=now)
    cancel_tasks(references=ids, actor=actor, now=now)


def close_overdue(*, now: datetime, limit: int = 2_000) -> int:
    """What the deadline brings, in three parts; returns how many reviews it moved.

    Who has not answered counts as such, though links stay open for the grace. Who has answered without proving
    their identity goes to a reviewer. A campaign whose grace is over and on which nobody works any more closes.
    """
    today = now.astimezone(JAPAN).date()
    with transaction.atomic():
        late = PeriodicReview.objects.filter(campaign__deadline_on__lt=today).order_by("id")
        silent = list(late.filter(status=Status.NOTIFIED).values_list("id", flat=True)[:limit])
        moved = transition_many(PeriodicReview, silent, was=Status.NOTIFIED, to=Status.NO_ANSWER, actor=SYSTEM, at=now)
        cancel_queued(references=moved, actor=SYSTEM, now=now)
        unverified = list(late.filter(status=Status.VERIFYING).values_list("id", flat=True)[:limit])
    for reference in unverified:
        reconcile_unverified(reference=reference, now=now)
    _close_finished(now)
    return len(moved) + len(unverified)


@transaction.atomic
def _close_finished(now: datetime) -> None:
    over = (now - GRACE).astimezone(JAPAN).date()
    working = PeriodicReview.objects.filter(campaign=OuterRef("pk"), status__in=OPEN_STATES)
    finished = Campaign.objects.filter(status=Campaign.Status.RUNNING, deadline_on__lt=over)
    for campaign in finished.exclude(Exists(working)):
        close_campaign(campaign=campaign, actor=SYSTEM, now=now)
