"""When eKYC works: what providers told, and what they should have told."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from ekyc import services
from tenants.rounds import for_each_tenant


@shared_task
def process_inbox() -> None:
    """Act on what providers told every tenant."""
    for_each_tenant(lambda: services.process_webhooks(now=timezone.now()), task="ekyc.process_inbox")


@shared_task
def sweep() -> None:
    """Ask about silent verifications of every tenant, and end those that expired."""
    for_each_tenant(lambda: services.sweep(now=timezone.now()), task="ekyc.sweep")
