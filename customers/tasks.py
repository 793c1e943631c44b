"""What the customer file does in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.services import Actor
from customers import services
from customers.exporting.services import destroy_old_exports, make_waiting
from customers.flags.services import lapse_flags
from customers.matching.finding import find_candidates
from customers.merging.services import make_findable
from customers.staying import note_ended_stays
from customers.stays.services import note_stays
from tenants.scoping import active_tenant_ids, tenant_context


@shared_task(soft_time_limit=3_600, time_limit=3_660)
def run_waiting_imports() -> None:
    """Read the files that wait, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.run_waiting_imports(actor=Actor.system("customers"), now=timezone.now())


@shared_task(soft_time_limit=1_800, time_limit=1_860)
def find_match_candidates() -> None:
    """Search every tenant's book for customers who may be one, and put right how those are found who became one."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            make_findable()
            find_candidates(actor=Actor.system("customers"), now=timezone.now())


@shared_task
def lapse_flags_that_end() -> int:
    """Let the flags of every tenant whose last day is over lapse; returns how many."""
    lapsed = 0
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            lapsed += lapse_flags(now=timezone.now())
    return lapsed


@shared_task
def note_stays_that_ended() -> int:
    """Have customers of every tenant rated anew whose stay is over, and put them before officers; returns how many."""
    noted = 0
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            noted += note_ended_stays(actor=Actor.system("customers"), now=timezone.now())
            note_stays(actor=Actor.system("customers"), now=timezone.now())
    return noted


@shared_task(soft_time_limit=1_800, time_limit=1_860)
def make_exports() -> None:
    """Make the files that were ordered, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            make_waiting(actor=Actor.system("customers"), now=timezone.now())


@shared_task
def destroy_exports() -> None:
    """Destroy the files whose time is over, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            destroy_old_exports(actor=Actor.system("customers"), now=timezone.now())
