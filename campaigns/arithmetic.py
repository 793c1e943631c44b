"""Whether campaigns add up: everybody who was to be asked stands somewhere, and nobody waits for what will not come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Campaign, PeriodicReview
from channels.models import DeliveryAttempt
from outreach.models import OutreachTask
from questionnaires.models import Response
from tenants.scoping import required_tenant_id

log = structlog.get_logger(__name__)
UNDER_WAY = (Campaign.Status.RUNNING, Campaign.Status.PAUSED)


@dataclass(frozen=True, slots=True)
class Sum:
    """One campaign: how many were to be asked, how many stand in some state, and how many of these are stranded.

    Stranded are those who count as notified, though no notice and no task is there for the channel they are at.
    """

    campaign_id: UUID
    targets: int
    standing: int
    stranded: int

    @property
    def astray(self) -> int:
        """How many are missing, or there though nobody planned them, or stranded; 0 if all adds up."""
        return abs(self.targets - self.standing) + self.stranded


@transaction.atomic
def check_sums() -> list[Sum]:
    """Add up every campaign under way, keep with each what is wrong, and put it into the log. Not within a reach."""
    campaigns = Campaign.objects.filter(status__in=UNDER_WAY, counts__has_key="due").order_by("approved_at")
    sums = [sum_of(campaign) for campaign in campaigns]
    for one in sums:
        Campaign.objects.filter(pk=one.campaign_id).exclude(astray=one.astray).update(astray=one.astray)
        if one.astray:
            log.error(
                "campaign.does_not_add_up",
                tenant_id=required_tenant_id(),
                campaign_id=str(one.campaign_id),
                count=one.astray,
                code=f"{one.targets} to be asked, {one.standing} stand somewhere, {one.stranded} stranded",
            )
    return sums


def sum_of(campaign: Campaign) -> Sum:
    """The campaign's figures as they are now. Two queries."""
    reviews = PeriodicReview.objects.filter(campaign=campaign)
    return Sum(campaign.pk, int(campaign.counts["due"]), reviews.count(), stranded(reviews).count())


def stranded(reviews: QuerySet[Any]) -> QuerySet[Any]:
    """Of these reviews the notified ones for whose channel no notice and no task is there, nor an answer begun."""
    notices = DeliveryAttempt.objects.filter(notice__reference=OuterRef("id"), channel=OuterRef("channel"))
    tasks = OutreachTask.objects.filter(reference=OuterRef("id"), kind=OuterRef("channel"))
    return reviews.filter(
        ~Exists(notices.exclude(status=DeliveryAttempt.Status.CANCELLED)),
        ~Exists(tasks.exclude(status=OutreachTask.Status.CANCELLED)),
        ~Exists(Response.objects.filter(reference=OuterRef("id"), started_at__isnull=False)),
        status=PeriodicReview.Status.NOTIFIED,
    )
