"""Campaigns that run by themselves: sending, climbing, and what the deadline brings."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from campaigns import arithmetic
from campaigns.models import Campaign
from campaigns.planning import TELEPHONE, VISIT
from campaigns.services import close_overdue, contact_silent, escalate_stuck, notify_planned, withdraw_strays
from tenants.rounds import for_each_tenant
from tenants.scoping import active_tenant_ids, tenant_context, tenant_scope

BATCH = 500


@shared_task
def run_campaigns() -> int:
    """Queue the next notices of every running campaign; returns how many reviews moved."""
    moved = 0
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            for campaign_id in _running(tenant_id):
                while taken := notify_planned(campaign_id=campaign_id, limit=BATCH, now=timezone.now()):
                    moved += taken
                moved += escalate_stuck(campaign_id=campaign_id, limit=BATCH, now=timezone.now())
            withdraw_strays(now=timezone.now())
    return moved


@shared_task
def contact_silent_customers() -> int:
    """Have whoever has been silent for the approved days called or visited; returns for how many tasks were made."""
    made = 0
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            for campaign_id in _running(tenant_id):
                for kind in (TELEPHONE, VISIT):
                    while taken := contact_silent(campaign_id=campaign_id, kind=kind, limit=BATCH, now=timezone.now()):
                        made += taken
    return made


@shared_task
def close_overdue_reviews() -> int:
    """Settle what the deadline has passed over, for every tenant."""
    moved = 0
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            moved += close_overdue(now=timezone.now())
    return moved


@shared_task
def check_sums() -> None:
    """Add up the campaigns of every tenant."""
    for_each_tenant(arithmetic.check_sums, task="check_sums")


def _running(tenant_id: int) -> list[UUID]:
    with tenant_scope(tenant_id):
        rows = Campaign.objects.filter(status=Campaign.Status.RUNNING).order_by("approved_at")
        return list(rows.values_list("id", flat=True))
