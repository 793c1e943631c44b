"""`manage.py seed_demo`: the two banks of the demonstration, with or without their customers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cdd.demo.enlivening import enliven
from cdd.demo.seeding import seed_all


class Command(BaseCommand):
    """Safe to run again: what is there stays."""

    help = "Create the two demonstration banks. Never in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Books or none."""
        parser.add_argument(
            "--books", action="store_true", help="also write, import and rate a book of customers for each bank"
        )

        parser.add_argument(
            "--enliven", action="store_true", help="connect to the running sandbox and let some customers answer"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and say what there is now."""
        if settings.IS_PRODUCTION:
            raise CommandError("seed_demo makes invented banks with a shared password; it refuses to in production.")
        if not (settings.SANDBOX_URL and settings.SANDBOX_SMTP):
            raise CommandError("Say where the sandbox is: SANDBOX_URL=http://HOST:PORT and SANDBOX_SMTP=HOST:PORT.")
        if options["enliven"]:
            self.stdout.write(f"{enliven(sandbox_url=settings.SANDBOX_URL, now=timezone.now())} customers answered")
            return
        for slug, customers in seed_all(with_books=options["books"], now=timezone.now()).items():
            self.stdout.write(f"{slug}: {customers:,} customers" if customers else f"{slug}: ready")
