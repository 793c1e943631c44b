"""Customers whom a notice reached and who say nothing: after the days that were approved they are called or visited."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.models import Campaign, PeriodicReview
from campaigns.planning import TELEPHONE, VISIT
from campaigns.services.refusals import JAPAN, SYSTEM
from channels.models import DeliveryAttempt
from customers.models import Customer
from outreach.claims.selectors import quiet_claims
from outreach.models import OutreachTask, OutreachTry
from outreach.papers.selectors import open_papers
from outreach.selectors import points_for
from outreach.services import TaskRequest, queue_tasks
from questionnaires.models import Response

_Attempt = DeliveryAttempt.Status


def contact_silent(*, campaign_id: UUID, kind: str, limit: int = 500, now: datetime) -> int:
    """Make tasks for up to ``limit`` customers who have been silent for the approved days; returns how many.

    The review stays on the rung that reached the customer: a call that comes to nothing does not turn a notice that
    arrived into one that did not. A task of a kind is made once for a review, whatever became of it.
    """
    with transaction.atomic():
        running = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign_id)
        campaign = running.filter(status=Campaign.Status.RUNNING, deadline_on__gte=now.astimezone(JAPAN).date()).first()
        if campaign is None or not (after := campaign.plan.get("silence", {}).get(kind)):
            return 0
        since = now - timedelta(days=after)
        if campaign.opens_after(since):  # nobody is silent who could not answer yet
            return 0
        rows = _silent(campaign, kind, since=since, now=now)
        rows = rows.select_for_update(skip_locked=True, of=("self",), no_key=True).order_by("id")[:limit]
        found = dict(rows.values_list("customer_id", "id"))
        requests = [TaskRequest(one, found[one.pk]) for one in Customer.objects.filter(pk__in=list(found))]
        queue_tasks(requests=requests, kind=kind, actor=SYSTEM, now=now, origin=OutreachTask.Origin.SILENCE)
    return len(requests)


def _silent(campaign: Campaign, kind: str, since: datetime, now: datetime) -> QuerySet[PeriodicReview]:
    """Whose last notice arrived before ``since``, who has said nothing to anybody, and who can be reached so."""
    tiers = [tier for tier, ladder in campaign.plan["ladder"].items() if kind in ladder]
    attempts = DeliveryAttempt.objects.filter(notice__reference=OuterRef("id"))
    arrived = attempts.filter(
        channel=OuterRef("channel"), status__in=(_Attempt.ACCEPTED, _Attempt.DELIVERED), first_tried_at__lte=since
    )
    tasks = OutreachTask.objects.filter(reference=OuterRef("id"))
    at_it = tasks.filter(Q(kind=kind) | Q(closed_at__isnull=True) | Q(closed_at__gt=since))
    refused = OutreachTry.objects.filter(task__reference=OuterRef("id"), outcome=OutreachTry.Outcome.REFUSED)
    answering = Response.objects.filter(reference=OuterRef("id"), saved_at__gt=since)
    quiet = quiet_claims(now=now).filter(customer=OuterRef("customer_id"))
    on_paper = open_papers().filter(reference=OuterRef("id"))
    reachable = points_for(kind).filter(customer_id=OuterRef("customer_id"))
    rows: QuerySet[PeriodicReview] = PeriodicReview.objects.filter(
        Exists(arrived),
        Exists(reachable),
        ~Exists(at_it),
        ~Exists(refused),
        ~Exists(answering),
        ~Exists(quiet),
        ~Exists(on_paper),
        campaign=campaign,
        status=PeriodicReview.Status.NOTIFIED,
        tier__in=tiers,
        notified_at__lte=since,
    )
    if kind == VISIT:  # nobody is visited before they were called, where that can be
        phones = points_for(TELEPHONE).filter(customer_id=OuterRef("customer_id"))
        rows = rows.filter(Exists(tasks.filter(kind=TELEPHONE)) | ~Exists(phones))
    return rows
