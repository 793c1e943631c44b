"""What the ties to the bank's other systems do in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.services import Actor
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
