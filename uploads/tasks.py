"""What happens to files in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.services import Actor
from tenants.scoping import active_tenant_ids, tenant_context
from uploads import services


@shared_task
def examine_waiting() -> None:
    """Scan the files that wait, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.examine_waiting(actor=Actor.system("uploads"), now=timezone.now())
