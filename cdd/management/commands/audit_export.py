"""`manage.py audit_export`: a package with a tenant's trail that a stranger verifies offline."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.checkpoints import KeyTrouble, trusted_keys
from audit.exporting import NothingSealed, Wanted, export_trail
from audit.services import Actor
from cdd.management.commands.audit_verify import moment
from tenants.models import Tenant
from tenants.scoping import tenant_context


class Command(BaseCommand):
    """As the application's role, in the tenant's scope."""

    help = "Export a tenant's audit trail, with proofs and a program that verifies them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, which events, and where to."""
        parser.add_argument("--tenant", metavar="SLUG", required=True)
        parser.add_argument("--event", default="", help="only this event, such as case.approved")
        parser.add_argument("--target", default="", metavar="ID", help="only what happened to this id")
        parser.add_argument("--since", metavar="DATE", help="acts from this day or moment on")
        parser.add_argument("--until", metavar="DATE", help="acts before this day or moment")
        parser.add_argument("--output", metavar="FILE.zip", required=True, type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Written beside the output first: a file of that name is a whole one."""
        output, pem = options["output"], settings.TIMESTAMP_AUTHORITY_CERTIFICATES
        draft = output.with_name(f"{output.name}.part")
        wanted = Wanted(
            event=options["event"],
            target=options["target"],
            since=moment(options["since"]) if options["since"] else None,
            until=moment(options["until"]) if options["until"] else None,
        )
        try:
            tenant = Tenant.objects.get(slug=options["tenant"])
            keys = trusted_keys(Path(settings.AUDIT_TRUSTED_KEYS_FILE))
            with tenant_context(tenant.pk), draft.open("wb") as file:
                exported = export_trail(
                    tenant_id=tenant.pk,
                    wanted=wanted,
                    keys=keys,
                    authority=Path(pem).read_bytes() if pem else b"",
                    file=file,
                    actor=Actor.system("audit_export"),
                    now=timezone.now(),
                )
            draft.replace(output)
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no tenant {options['tenant']}.") from None
        except NothingSealed:
            raise CommandError("Nothing of this trail has been sealed yet. Is the sealer running?") from None
        except (KeyTrouble, OSError) as error:
            raise CommandError(str(error)) from error
        finally:
            draft.unlink(missing_ok=True)
        self.stdout.write(f"{exported.events:,} of {exported.size:,} entries are in {output}")
