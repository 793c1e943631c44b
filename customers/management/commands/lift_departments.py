"""`manage.py lift_departments`: the department in charge, for books entered when it was sealed with the profile."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from customers.lifting import lift_departments
from tenants.scoping import active_tenant_ids, tenant_context


class Command(BaseCommand):
    """Safe to run while people work, and to run again; a customer who is changed before is lifted with the change."""

    help = "Move each customer's department in charge from the sealed profile to the column that filters ask."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tenant by tenant, a batch a transaction."""
        for tenant_id in active_tenant_ids():
            last: UUID | None = UUID(int=0)
            done = 0
            with tenant_context(tenant_id):
                while last is not None:
                    last, lifted = lift_departments(after=last)
                    done += lifted
            self.stdout.write(f"tenant {tenant_id}: {done} customers")
