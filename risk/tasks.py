"""What risk rating does in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from risk.drafting import publish_approved
from risk.services import RATER, rate_waiting_customers
from tenants.scoping import active_tenant_ids, tenant_context

BATCH = 5_000


@shared_task
def rate_waiting() -> None:
    """Put approved policies in force, and rate the customers who wait for it, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            publish_approved(actor=RATER, now=timezone.now())
            while rate_waiting_customers(limit=BATCH, now=timezone.now()) == BATCH:
                pass
