"""Tasks for the tests of messages, in an app of their own beside the product's: `celery -A tests.tenants.errands`."""

from __future__ import annotations

from typing import Any

import django
from celery import shared_task
from django.apps import apps
from django.db import transaction

from cdd.celery import app

if not apps.ready:  # in a worker this module comes before Django
    django.setup()

from audit.acting import current_actor
from audit.services import Actor, record
from customers.models import CustomerImport
from tenants.messages import TaskOfTenant
from tenants.models import Tenant
from tenants.scoping import current_tenant_id, tenant_scope
from tests.conftest import NOW

__all__ = ["app"]
app.conf.update(
    # Chords need results; the product has none.
    result_backend=app.conf.broker_url,
    task_ignore_result=False,
    beat_schedule={},
)


def _ran(step: str) -> None:
    """Leave a mark in the trail of whatever tenant the task runs as."""
    tenant_id, actor = current_tenant_id(), current_actor()
    if tenant_id is None or actor is None:
        raise RuntimeError("Nobody's.")
    with tenant_scope(tenant_id):
        record(f"errand.{step}", target=Tenant(pk=tenant_id), actor=actor, at=NOW)


@shared_task(base=TaskOfTenant)
def errand(*results: Any, step: str) -> str:
    """Run as somebody, anywhere in a canvas."""
    _ran(step)
    return step


@shared_task(base=TaskOfTenant, bind=True, max_retries=2)
def tries_again(self: Any, *, step: str) -> None:
    """Fail twice, and leave a mark each time."""
    _ran(f"{step}{self.request.retries}")
    if self.request.retries < 2:
        raise self.retry(countdown=0)


@shared_task(base=TaskOfTenant)
def on_commit(*, step: str) -> None:
    """Start another from inside a transaction."""
    tenant_id = current_tenant_id()
    assert tenant_id is not None
    with tenant_scope(tenant_id), transaction.atomic():
        errand.delay_on_commit(step=step)


@shared_task
def of_nobody() -> None:
    """See nothing, as any task without a tenant."""
    with transaction.atomic():
        everything: Any = CustomerImport._base_manager
        seen = everything.count()
    actor = current_actor()
    assert actor == Actor.system("tests")
    with tenant_scope(1):
        record("errand.of_nobody", target=Tenant(pk=1), actor=actor, at=NOW, count=seen)
