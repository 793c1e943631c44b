"""What retention does in the background: looks for what is due at night, destroys what was approved."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.services import Actor
from retention import executing, services
from tenants.scoping import active_tenant_ids, tenant_context


@shared_task(soft_time_limit=3_600, time_limit=3_660)
def find_due() -> None:
    """List what may be destroyed, for every tenant; nothing is destroyed by this."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.look_for_due(now=timezone.now())
            services.find_due(actor=Actor.system("retention"), now=timezone.now())


@shared_task(soft_time_limit=3_600, time_limit=3_660)
def execute_approved() -> None:
    """Destroy what two people approved, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            executing.execute_approved(actor=Actor.system("retention"), now=timezone.now())
