"""`check_tenancy`: names every hole in the walls between tenants; exits 1 if there is one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.custody.routing import KEYS
from tenants.guards import find_holes


class Command(BaseCommand):
    """Run in the tests, before each deployment and every night."""

    help = "Names every hole in the walls between tenants."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a hole."""
        holes = [*find_holes(), *find_holes(using=KEYS)]
        for hole in holes:
            self.stderr.write(str(hole))
        if holes:
            raise CommandError(f"{len(holes)} holes between tenants.")
        self.stdout.write("Tenancy: every table is guarded.")
