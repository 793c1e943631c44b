"""When the channels work: the rows say what is due, these tasks only lend a hand."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from django.db import connection, transaction

from channels import backlog, selectors, services
from channels.protocols import Channel
from tenants.messages import TaskOfTenant
from tenants.rounds import for_each_tenant
from tenants.scoping import required_tenant_id, tenant_scope


@shared_task
def dispatch_due() -> None:
    """Start one task for each tenant and channel with something due."""
    for_each_tenant(_dispatch, task="dispatch_due")


def _dispatch() -> None:
    now = _now()
    with tenant_scope(required_tenant_id()):
        channels = selectors.channels_with_work(now=now)
    for channel in channels:
        if channel == Channel.POST:
            print_letters.apply_async(expires=30)
        else:
            send_batch.apply_async(kwargs={"channel": channel.value}, expires=30)


@shared_task(base=TaskOfTenant)
def send_batch(*, channel: str) -> None:
    """Send what is due on one channel of the message's tenant."""
    services.send_due(tenant_id=required_tenant_id(), channel=Channel(channel), now=_now())


@shared_task(base=TaskOfTenant)
def print_letters() -> None:
    """Render and hand over one batch of letters."""
    services.print_due(tenant_id=required_tenant_id(), now=_now())


@shared_task
def process_inbox() -> None:
    """Act on what providers told every tenant."""
    for_each_tenant(_process, task="process_inbox")


def _process() -> None:
    if services.process_inbox(now=_now()):
        answer_messages.apply_async(expires=30)


@shared_task(base=TaskOfTenant)
def answer_messages() -> None:
    """Answer those who wrote to the tenant's LINE account."""
    services.send_replies(now=_now())


@shared_task
def sweep() -> None:
    """Bring abandoned, unknown and unconfirmed attempts of every tenant to an end."""
    for_each_tenant(lambda: services.sweep(now=_now()), task="sweep")


@shared_task
def check_backlogs() -> None:
    """Put into the log what waits on the channels of every tenant."""
    for_each_tenant(_check_backlogs, task="check_backlogs")


def _check_backlogs() -> None:
    now = _now()
    with tenant_scope(required_tenant_id()):
        backlog.check_backlogs(now=now)


@transaction.atomic
def _now() -> datetime:
    """By the database's clock, which all workers share: one whose own is wrong sends nothing too early or too late."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
