"""When the channels work: the rows say what is due, these tasks only lend a hand."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from channels import selectors, services
from channels.protocols import Channel
from tenants.messages import TaskOfTenant
from tenants.rounds import for_each_tenant
from tenants.scoping import required_tenant_id, tenant_scope


@shared_task
def dispatch_due() -> None:
    """Start one task for each tenant and channel with something due."""
    for_each_tenant(_dispatch, task="dispatch_due")


def _dispatch() -> None:
    with tenant_scope(required_tenant_id()):
        channels = selectors.channels_with_work(now=timezone.now())
    for channel in channels:
        if channel == Channel.POST:
            print_letters.apply_async(expires=30)
        else:
            send_batch.apply_async(kwargs={"channel": channel.value}, expires=30)


@shared_task(base=TaskOfTenant)
def send_batch(*, channel: str) -> None:
    """Send what is due on one channel of the message's tenant."""
    services.send_due(tenant_id=required_tenant_id(), channel=Channel(channel), now=timezone.now())


@shared_task(base=TaskOfTenant)
def print_letters() -> None:
    """Render and hand over one batch of letters."""
    services.print_due(tenant_id=required_tenant_id(), now=timezone.now())


@shared_task
def process_inbox() -> None:
    """Act on what providers told every tenant."""
    for_each_tenant(_process, task="process_inbox")


def _process() -> None:
    if services.process_inbox(now=timezone.now()):
        answer_messages.apply_async(expires=30)


@shared_task(base=TaskOfTenant)
def answer_messages() -> None:
    """Answer those who wrote to the tenant's LINE account."""
    services.send_replies(now=timezone.now())


@shared_task
def sweep() -> None:
    """Bring abandoned, unknown and unconfirmed attempts of every tenant to an end."""
    for_each_tenant(lambda: services.sweep(now=timezone.now()), task="sweep")
