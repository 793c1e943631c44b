"""What the ties to the bank's other systems do in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.services import Actor
from integrations.pickups.deciding import decide_tried, watch_for_missing
from integrations.pickups.running import look_at_due
from integrations.pickups.telling import tell_officers
from integrations.returns import services
from tenants.scoping import active_tenant_ids, tenant_context


@shared_task(soft_time_limit=1_800, time_limit=1_860)
def make_return_files() -> None:
    """Make the return files that were ordered, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.make_waiting(actor=Actor.system("integrations"), now=timezone.now())


@shared_task
def destroy_old_files() -> None:
    """Destroy the files whose time is over, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.destroy_old_files(actor=Actor.system("integrations"), now=timezone.now())


@shared_task(soft_time_limit=7_200, time_limit=7_260)
def pick_up_books() -> None:
    """Look at the places that books come from, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            look_at_due(actor=Actor.system("pickups"), now=timezone.now())


@shared_task
def decide_pick_ups() -> None:
    """Take in what may be taken in without a person, and notice what did not come, of every tenant."""
    actor = Actor.system("pickups")
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            decide_tried(actor=actor, now=timezone.now())
            watch_for_missing(actor=actor, now=timezone.now())
            tell_officers(now=timezone.now())
