"""`manage.py seal_audit`: the process that seals the audit trail. One is enough; a second one only waits its turn."""

from __future__ import annotations

import logging
import time
from argparse import ArgumentParser
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from django.utils import timezone

from audit.checkpoints import (
    AlreadySaidOtherwise,
    CheckpointDirectory,
    KeyTrouble,
    checkpoint_directory,
    signing_key,
    trust,
)
from audit.models import AuditCheckpoint, AuditTimestamp
from audit.sealing import DatabaseIsOlder, Sealer
from audit.timestamping import NoTimestamp, configured_authority, stamp_heads

logger = logging.getLogger(__name__)
SECONDS_AFTER_NO_TIMESTAMP = 600


class Command(BaseCommand):
    """Holds the only key that signs, and the only role that may write what it signs."""

    help = "Seal the audit trail, pass after pass."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How often, and what to do about a lost key."""
        parser.add_argument("--once", action="store_true", help="one pass, then end")
        parser.add_argument("--every", type=float, default=5.0, help="seconds between passes; default 5")
        parser.add_argument("--stamp", action="store_true", help="with --once: ask the timestamp authority as well")
        parser.add_argument("--new-key", action="store_true", help="make a new signing key where the old one is lost")

    def handle(self, *args: Any, **options: Any) -> None:
        """Until stopped; every step may be the last, and the next pass goes on from there."""
        store = checkpoint_directory()
        if not settings.DATABASES["sealer"]["USER"] or store is None or not settings.AUDIT_SIGNING_KEY_FILE:
            raise CommandError(
                "Set DATABASE_SEALER_URL, AUDIT_CHECKPOINTS and AUDIT_SIGNING_KEY_FILE; see .env.example."
            )
        try:
            has_signed = AuditCheckpoint.objects.using("sealer").exists()
            key = signing_key(Path(settings.AUDIT_SIGNING_KEY_FILE), make=options["new_key"] or not has_signed)
            trust(Path(settings.AUDIT_TRUSTED_KEYS_FILE), key.public_key())
        except KeyTrouble as trouble:
            raise CommandError(str(trouble)) from trouble
        sealer = Sealer(key=key, store=store)
        try:
            if options["once"]:
                self._once(sealer, store, stamp=options["stamp"])
            else:
                self._forever(sealer, _Stamps(store), options["every"])
        except (DatabaseIsOlder, AlreadySaidOtherwise) as error:
            raise CommandError(str(error)) from error

    def _once(self, sealer: Sealer, store: CheckpointDirectory, *, stamp: bool) -> None:
        done = sealer.seal(now=timezone.now())
        self.stdout.write(f"{done.events} events sealed, {done.checkpoints} checkpoints")
        authority = configured_authority()
        if stamp and authority is not None:
            try:
                stamped = stamp_heads(authority=authority, store=store, now=timezone.now())
            except NoTimestamp as error:
                raise CommandError(f"No timestamp: {error}") from error
            self.stdout.write(f"{stamped} checkpoints stamped")

    def _forever(self, sealer: Sealer, stamps: _Stamps, seconds: float) -> None:
        while True:
            try:
                sealer.seal(now=timezone.now())
                stamps.ask_daily()
            except (DatabaseError, OSError):
                # The server or the place is away for a while: nothing is lost, everything waits.
                logger.exception("The audit trail could not be sealed")
                connections["sealer"].close()
            time.sleep(seconds)


class _Stamps:
    """Asks for the day's timestamp on a thread of its own: an authority that is slow or away delays no sealing."""

    def __init__(self, store: CheckpointDirectory) -> None:
        self._store = store
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._stamped_on: date | None = None
        self._not_before = 0.0

    def ask_daily(self) -> None:
        """Once a day by the local calendar; again after ten minutes when it failed."""
        is_due = self._stamped_on != timezone.localdate() and time.monotonic() >= self._not_before
        if settings.TIMESTAMP_AUTHORITY_URL and is_due and (self._running is None or self._running.done()):
            self._not_before = time.monotonic() + SECONDS_AFTER_NO_TIMESTAMP
            self._running = self._pool.submit(self._ask)

    def _ask(self) -> None:
        try:
            today, authority = timezone.localdate(), configured_authority()
            stamped = AuditTimestamp.objects.using("sealer").filter(stamped_at__date=today).exists()
            # Nothing to stamp yet is no stamp: the first event of a new installation is minutes away.
            if stamped or (authority and stamp_heads(authority=authority, store=self._store, now=timezone.now())):
                self._stamped_on = today
        except (NoTimestamp, DatabaseError, OSError):
            logger.exception("The audit trail got no timestamp")
        finally:
            connections["sealer"].close()
