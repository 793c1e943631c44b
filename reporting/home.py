"""The figures of the home page: what waits for this person, campaigns under way, the book by risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from campaigns.arithmetic import UNDER_WAY
from campaigns.funnels import Funnel, funnel_of
from campaigns.models import Campaign, ResendProposal
from campaigns.selectors import campaign_progress
from channels.accounts.models import AccountChange
from channels.selectors import stopped_channels
from companies.models import CompanyNews
from customers.flags.models import FlagLifting
from customers.merging.models import CustomerMerge
from customers.models import Customer, CustomerImport, RiskTier
from outreach.selectors import task_counts
from reporting.work import Work, pickup_work
from reviews.models import Case
from reviews.selectors import queue_counts
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
        work=_work(allowed, user_id, today),
        campaigns=[(campaign, funnel_of(campaign_progress(campaign))) for campaign in running],
        tiers=[(tier, tiers.get(tier, 0)) for tier in (*RiskTier.values, "")],
        customers=sum(tiers.values()),
    )


def _by_tier(customers: QuerySet[Customer]) -> dict[str, int]:
    return dict(customers.values_list("risk_tier").annotate(Count("id")).order_by())


def _work(allowed: Collection[Permission], user_id: int, today: date) -> list[Work]:
    cases = queue_counts()
    plans = dict(Campaign.objects.values_list("status").annotate(Count("id")).order_by())
    reviews, campaigns = reverse("reviews"), reverse("campaigns")
    offers = [
        (
            Permission.STOP_SENDING,
            Work(
                len(stopped_channels()),
                gettext("Channels that stand still"),
                gettext("Sending stopped by itself or by hand. See why, and resume."),
                reverse("sending"),
                is_urgent=True,
            ),
        ),
        (
            Permission.VIEW_TASKS,
            Work(
                Campaign.objects.filter(status__in=UNDER_WAY, astray__gt=0).count(),
                gettext("Campaigns that do not add up"),
                gettext("Some customers are not where they should be. Tell the operator of the service."),
                campaigns,
                is_urgent=True,
            ),
        ),
        (
            Permission.APPROVE_CAMPAIGN,
            Work(
                plans.get(Campaign.Status.AWAITING_APPROVAL, 0),
                gettext("Campaigns to approve"),
                gettext("Nothing is sent before a second person has looked."),
                f"{campaigns}?status={Campaign.Status.AWAITING_APPROVAL}",
                is_urgent=True,
            ),
        ),
        (
            Permission.APPROVE_CAMPAIGN,
            Work(
                ResendProposal.objects.filter(status=ResendProposal.Status.PROPOSED).count(),
                gettext("Notices to be sent again"),
                gettext("A colleague asks to send them again; look at the reason."),
                f"{reverse('campaign-resends')}?status={ResendProposal.Status.PROPOSED}",
            ),
        ),
        (
            Permission.APPROVE_CASE,
            Work(
                CustomerMerge.objects.filter(status=CustomerMerge.Status.PROPOSED).count(),
                gettext("Merges to approve"),
                gettext("A colleague says that two customers are one; look at what is kept."),
                reverse("customer-merges"),
            ),
        ),
        (
            Permission.APPROVE_FLAG,
            Work(
                FlagLifting.objects.filter(status=FlagLifting.Status.PROPOSED).count(),
                gettext("Flags to be lifted"),
                gettext("A colleague asks to lift a flag that keeps everybody from contacting a customer."),
                reverse("customer-flag-liftings"),
            ),
        ),
        (
            Permission.APPROVE_SETTINGS,
            Work(
                AccountChange.objects.filter(status=AccountChange.Status.PROPOSED).count(),
                gettext("Settings to approve"),
                gettext("Changes of where messages go, or as whose."),
                reverse("sending"),
            ),
        ),
        (
            Permission.APPROVE_CASE,
            Work(
                cases[Case.Status.AWAITING_APPROVAL],
                gettext("Decisions to approve"),
                gettext("Decided by a colleague; the file changes when you approve."),
                f"{reviews}?status={Case.Status.AWAITING_APPROVAL}",
                is_urgent=True,
            ),
        ),
        (
            Permission.DECIDE_CASE,
            Work(
                cases[Case.Status.OPEN],
                gettext("Cases to decide"),
                gettext("Answers that differ from the file."),
                f"{reviews}?status={Case.Status.OPEN}",
                is_urgent=True,
            ),
        ),
        (
            Permission.DECIDE_CASE,
            Work(
                CompanyNews.objects.filter(status=CompanyNews.Status.OPEN).count(),
                gettext("Company news to deal with"),
                gettext("The register says that customers have closed, merged, moved or been renamed."),
                reverse("company-news"),
            ),
        ),
        (
            Permission.PLAN_CAMPAIGN,
            Work(
                plans.get(Campaign.Status.DRAFT, 0),
                gettext("Campaigns not submitted yet"),
                gettext("Planned, or returned by the approver."),
                f"{campaigns}?status={Campaign.Status.DRAFT}",
            ),
        ),
        (
            Permission.IMPORT_CUSTOMERS,
            Work(
                CustomerImport.objects.filter(
                    status__in=(
                        CustomerImport.Status.UPLOADED,
                        CustomerImport.Status.COMMITTED,
                        CustomerImport.Status.RUNNING,
                    )
                ).count(),
                gettext("Imports under way"),
                gettext("Rows are rated as soon as they are in."),
                reverse("imports"),
            ),
        ),
        (
            Permission.IMPORT_CUSTOMERS,
            Work(
                CustomerImport.objects.filter(
                    status__in=(CustomerImport.Status.DRAFT, CustomerImport.Status.CHECKED)
                ).count(),
                gettext("Files to be decided"),
                gettext("Confirm the columns, or look at what the trial says and take the rows in."),
                reverse("imports"),
            ),
        ),
        *pickup_work(),
        *_people_work(allowed, user_id, today),
    ]
    return [work for permission, work in offers if permission in allowed and work.count]


def _people_work(allowed: Collection[Permission], user_id: int, today: date) -> list[tuple[Permission, Work]]:
    """Calls and visits: the person's own, those that are late, and those that nobody has."""
    if not {Permission.WORK_OUTREACH, Permission.ASSIGN_OUTREACH} & set(allowed):
        return []
    counts, lists = task_counts(user_id=user_id, today=today), reverse("outreach")
    return [
        (
            Permission.WORK_OUTREACH,
            Work(
                counts["own"],
                gettext("Your calls and visits"),
                gettext("%(count)d of them due today or before") % {"count": counts["due"]}
                if counts["due"]
                else gettext("None of them is due yet."),
                f"{lists}?list=own",
                is_urgent=counts["due"] > 0,
            ),
        ),
        (
            Permission.ASSIGN_OUTREACH,
            Work(
                counts["overdue"],
                gettext("Calls and visits overdue"),
                gettext("Their day has passed. Give them to somebody who has time."),
                f"{lists}?list=overdue",
                is_urgent=True,
            ),
        ),
        (
            Permission.ASSIGN_OUTREACH,
            Work(
                counts["unassigned"],
                gettext("Calls and visits to be assigned"),
                gettext("Nobody has them yet."),
                f"{lists}?list=unassigned",
            ),
        ),
    ]
