"""When the channels work: the rows say what is due, these tasks only lend a hand."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from channels import selectors, services
from channels.protocols import Channel
from tenants.scoping import active_tenant_ids, tenant_context, tenant_scope


@shared_task
def dispatch_due() -> None:
    """Start one task for each tenant and channel with something due."""
    for tenant_id in active_tenant_ids():
        with tenant_scope(tenant_id):
            channels = selectors.channels_with_work(now=timezone.now())
        for channel in channels:
            if channel == Channel.POST:
                print_letters.apply_async(kwargs={"tenant_id": tenant_id}, expires=30)
            else:
                send_batch.apply_async(kwargs={"tenant_id": tenant_id, "channel": channel.value}, expires=30)


@shared_task
def send_batch(*, tenant_id: int, channel: str) -> None:
    """Send what is due on one channel of one tenant."""
    services.send_due(tenant_id=tenant_id, channel=Channel(channel), now=timezone.now())


@shared_task
def print_letters(*, tenant_id: int) -> None:
    """Render and hand over one batch of letters."""
    services.print_due(tenant_id=tenant_id, now=timezone.now())


@shared_task
def process_inbox() -> None:
    """Act on what providers told every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.process_inbox(now=timezone.now())


@shared_task
def sweep() -> None:
    """Bring abandoned, unknown and unconfirmed attempts of every tenant to an end."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.sweep(now=timezone.now())
