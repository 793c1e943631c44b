"""`manage.py index_names`: make every customer findable by part of a name anew, for books entered before that was."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import transaction

from customers.searching import index_customers
from tenants.scoping import active_tenant_ids, tenant_context


class Command(BaseCommand):
    """Safe to run while people work, and to run again."""

    help = "Make every customer findable by part of a name anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Tenant by tenant, a batch a transaction."""
        for tenant_id in active_tenant_ids():
            last, done = UUID(int=0), 0
            with tenant_context(tenant_id):
                while True:
                    with transaction.atomic():
                        ids = index_customers(after=last)
                    if not ids:
                        break
                    last, done = ids[-1], done + len(ids)
            self.stdout.write(f"tenant {tenant_id}: {done} customers")
