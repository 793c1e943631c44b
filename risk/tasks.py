"""What risk rating does in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from risk.services import rate_waiting_customers
from tenants.scoping import active_tenant_ids, tenant_context

BATCH = 5_000


@shared_task
def rate_waiting() -> None:
    """Rate the customers who wait for it, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            while rate_waiting_customers(limit=BATCH, now=timezone.now()) == BATCH:
                pass
