"""`rotate_keys`: a new key version for a tenant, or all tenants' keys under a new key-encryption key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.services import Actor
from tenants.keys import CannotDecrypt
from tenants.keys.rotating import RotatedMeanwhile, rewrap_person_keys, rewrap_tenant_keys, rotate_tenant_key
from tenants.models import Tenant
from tenants.scoping import tenant_context
from tenants.sign_in.sealing import rewrap_factors

ACTOR = Actor.system("rotate_keys")


class Command(BaseCommand):
    """Nothing stops meanwhile: what is sealed stays readable, and the running processes notice by themselves."""

    help = "Give a tenant a new key version (--tenant), or wrap all tenants' keys under a new KEK (--kek)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One of the two."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--tenant", metavar="SLUG", help="the tenant that gets a new key version")
        what.add_argument("--kek", action="store_true", help="wrap under KEK what KEK_PREVIOUS wrapped")
        parser.add_argument("--resume", action="store_true", help="with --tenant: no new version, only go on wrapping")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say what was done."""
        try:
            if options["kek"]:
                count = rewrap_tenant_keys(actor=ACTOR, now=timezone.now())
                self.stdout.write(f"{count} tenant keys wrapped anew. check_keys says whether KEK_PREVIOUS may go.")
                self.stdout.write(f"{rewrap_factors()} second factors of staff wrapped anew.")
                return
            self._rotate(options["tenant"], is_new=not options["resume"])
        except (CannotDecrypt, RotatedMeanwhile) as error:
            raise CommandError(str(error)) from error

    def _rotate(self, slug: str, *, is_new: bool) -> None:
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {slug!r}.")
        with tenant_context(tenant.pk):
            if is_new:
                version = rotate_tenant_key(actor=ACTOR, now=timezone.now())
                self.stdout.write(f"{slug}: everything new is sealed under version {version}.")
            self.stdout.write(f"{slug}: {rewrap_person_keys()} persons' keys wrapped anew.")
