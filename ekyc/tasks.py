"""When eKYC works: what providers told, and what they should have told."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from ekyc import services
from tenants.scoping import active_tenant_ids, tenant_context


@shared_task
def process_inbox() -> None:
    """Act on what providers told every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.process_webhooks(now=timezone.now())


@shared_task
def sweep() -> None:
    """Ask about silent verifications of every tenant, and end those that expired."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.sweep(now=timezone.now())
