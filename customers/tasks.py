"""What the customer file does in the background."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.services import Actor
from customers import services
from tenants.scoping import active_tenant_ids, tenant_context


# The soft limit is out of reach on purpose: it would look like an error of ours and end the import, while a
# worker that is killed at the hard one leaves an import that the next run goes on with.
@shared_task(soft_time_limit=7_200, time_limit=3_600)
def run_waiting_imports() -> None:
    """Read the files that wait, of every tenant."""
    for tenant_id in active_tenant_ids():
        with tenant_context(tenant_id):
            services.run_waiting_imports(actor=Actor.system("customers"), now=timezone.now())
