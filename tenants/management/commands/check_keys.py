"""`check_keys`: does every tenant's key open, what wraps whose keys, and did a shredded customer come back."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.services import Actor
from tenants.custody.store import count_keys
from tenants.keys import KeysUnavailable
from tenants.keys.rotating import wrapped_by
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tenants.shredding import shred_person, shredded_but_alive

ACTOR = Actor.system("check_keys")


class Command(BaseCommand):
    """Run after a rotation, and after either database was restored."""

    help = "Open every tenant's keys, count customers' keys by version, and name what is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do about customers who came back."""
        parser.add_argument(
            "--shred-again", action="store_true", help="destroy keys that a restored back-up brought back"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a tenant; exits 1 if anything is wrong."""
        faults = 0
        for tenant in Tenant.objects.order_by("slug"):
            with tenant_context(tenant.pk):
                try:
                    faults += self._look_at(tenant, again=options["shred_again"])
                except KeysUnavailable as error:
                    raise CommandError(str(error)) from error
        if faults:
            raise CommandError(f"{faults} faults in keys.")

    def _look_at(self, tenant: Tenant, *, again: bool) -> int:
        faults = 0
        versions = []
        for version, by in wrapped_by().items():
            versions.append(f"{version} ({by or 'does not open'})")
            if by is None:
                faults += 1
                self.stderr.write(f"{tenant.slug}: key version {version} does not open.")
        counts = ", ".join(f"{count} under version {version}" for version, count in count_keys().items()) or "none"
        self.stdout.write(f"{tenant.slug}: key versions {', '.join(versions)}; customers' keys: {counts}")
        for person_id in shredded_but_alive():
            if again:
                shred_person(person_id, actor=ACTOR, now=timezone.now())
                self.stdout.write(f"{tenant.slug}: {person_id} was shredded again.")
                continue
            faults += 1
            self.stderr.write(f"{tenant.slug}: {person_id} was shredded and has a key again.")
        return faults
