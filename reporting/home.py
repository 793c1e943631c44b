"""The figures of the home page: what waits for this person, campaigns under way, the book by risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet

from campaigns.funnels import Funnel, funnel_of
from campaigns.models import Campaign
from campaigns.selectors import campaign_progress
from customers.models import Customer, RiskTier
from reporting.work import Work, work_of
from tenants.permissions import Permission


@dataclass(frozen=True, slots=True)
class HomeFigures:
    """What the home page shows."""

    work: list[Work]
    campaigns: list[tuple[Campaign, Funnel]]
    tiers: list[tuple[str, int]]
    customers: int


def home_figures(*, allowed: Collection[Permission], user_id: int, today: date) -> HomeFigures:
    """The figures for this person with these permissions. Constant number of queries for each running campaign."""
    running = list(
        Campaign.objects.filter(status__in=(Campaign.Status.RUNNING, Campaign.Status.PAUSED)).order_by("-planned_at")[
            :5
        ]
    )
    tiers = Counter(_by_tier(Customer.objects.all()))
    # Taken off, because counting the others alone would read every row and not an index.
    tiers.subtract(_by_tier(Customer.objects.filter(status=Customer.Status.MERGED)))
    return HomeFigures(
        work=work_of(allowed=allowed, user_id=user_id, today=today),
        campaigns=[(campaign, funnel_of(campaign_progress(campaign))) for campaign in running],
        tiers=[(tier, tiers.get(tier, 0)) for tier in (*RiskTier.values, "")],
        customers=sum(tiers.values()),
    )


def _by_tier(customers: QuerySet[Customer]) -> dict[str, int]:
    return dict(customers.values_list("risk_tier").annotate(Count("id")).order_by())
