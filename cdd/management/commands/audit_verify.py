"""`manage.py audit_verify`: reads the whole audit trail again and names the first entry that is not what was sealed."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from audit.checkpoints import CheckpointDirectory, KeyTrouble, checkpoint_directory, trusted_keys
from audit.timestamping import NoTimestamp, trusted_roots
from audit.verifying import Bad, tenants_with_trail, verify, verify_timestamps
from tenants.guards import find_holes
from tenants.models import Tenant


class Command(BaseCommand):
    """As the sealer's role, which may read every tenant's trail and nothing else. Ends with 1 if anything is wrong."""

    help = "Verify the audit trail: every event, every hash, every signature, against the copies outside the database."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose, from when, and against what."""
        parser.add_argument("--tenant", metavar="SLUG", help="one tenant only; 0 is the service itself; default: all")
        parser.add_argument("--checkpoints", metavar="DIR", type=Path, help="default: AUDIT_CHECKPOINTS")
        parser.add_argument("--since", metavar="DATE", help="begin at the last checkpoint before; default: all of it")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a tenant, and the first bad entry of each."""
        if not settings.DATABASES["sealer"]["USER"]:
            raise CommandError("Set DATABASE_SEALER_URL: the verifier reads the trail of every tenant as that role.")
        store = CheckpointDirectory(options["checkpoints"]) if options["checkpoints"] else checkpoint_directory()
        if store is None or not store.place.is_dir():
            self.stderr.write(
                "There are no checkpoints outside the database to compare with (--checkpoints DIR): a trail that "
                "was cut or brought back from an older back-up would pass."
            )
            store = None
        try:
            keys = trusted_keys(Path(settings.AUDIT_TRUSTED_KEYS_FILE))
        except KeyTrouble as trouble:
            raise CommandError(str(trouble)) from trouble
        since = moment(options["since"]) if options["since"] else None
        names = {tenant.pk: tenant.slug for tenant in Tenant.objects.all()} | {0: "the service itself"}
        bad = []
        for tenant_id in self._chosen(options["tenant"], store):
            began = perf_counter()
            verdict = verify(tenant_id, keys=keys, store=store, since=since)
            self.stdout.write(
                f"{names.get(tenant_id, 'unknown')} (tenant {tenant_id}): {verdict.verified:,} of {verdict.size:,}"
                f" entries and {verdict.checkpoints:,} checkpoints verified in {perf_counter() - began:.1f} s,"
                f" {verdict.waiting:,} events wait to be sealed"
            )
            bad += [verdict.bad] if verdict.bad else []
            bad += self._timestamps(tenant_id)
        holes = find_holes()
        for line in [*bad, *holes]:
            self.stderr.write(f"BAD  {line}")
        if bad or holes:
            raise SystemExit(1)
        self.stdout.write("The audit trail is what was sealed.")

    def _chosen(self, slug: str | None, store: CheckpointDirectory | None) -> list[int]:
        if slug is None:
            return tenants_with_trail(store)
        if slug == "0":
            return [0]
        try:
            return [Tenant.objects.get(slug=slug).pk]
        except Tenant.DoesNotExist:
            raise CommandError(f"There is no tenant {slug}.") from None

    def _timestamps(self, tenant_id: int) -> list[Bad]:
        if not settings.TIMESTAMP_AUTHORITY_CERTIFICATES:
            return []
        try:
            latest, bad = verify_timestamps(tenant_id, roots=trusted_roots())
        except NoTimestamp as error:
            raise CommandError(str(error)) from error
        if latest:
            self.stdout.write(
                f"  an outside authority vouches for it as of {timezone.localtime(latest):%Y-%m-%d %H:%M}"
            )
        return [bad] if bad else []


def moment(text: str) -> datetime:
    """A day or a moment as a person writes it, local where no zone is named. Raises CommandError."""
    moment, day = parse_datetime(text), parse_date(text[:10])
    if moment is None and day is not None:
        moment = datetime.combine(day, datetime.min.time())
    if moment is None:
        raise CommandError(f"{text} is no date.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
