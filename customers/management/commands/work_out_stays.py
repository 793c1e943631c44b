"""`manage.py work_out_stays`: the last day of each stay, for books entered before it was kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from customers.staying import work_out_stays
from tenants.scoping import active_tenant_ids, tenant_context


class Command(BaseCommand):
    """Safe to run while people work, and to run again."""

    help = "Work out the last day of each customer's stay, with the two months of an extension applied for."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tenant by tenant, a batch a transaction."""
        for tenant_id in active_tenant_ids():
            last: UUID | None = UUID(int=0)
            done = 0
            with tenant_context(tenant_id):
                while last is not None:
                    last, wrong = work_out_stays(after=last)
                    done += wrong
            self.stdout.write(f"tenant {tenant_id}: {done} customers")
