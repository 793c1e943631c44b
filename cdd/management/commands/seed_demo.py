"""`manage.py seed_demo`: the two banks of the demonstration, with or without their customers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cdd.demo.seeding import seed_all


class Command(BaseCommand):
    """Safe to run again: what is there stays."""

    help = "Create the two demonstration banks. Never in production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Books or none."""
        parser.add_argument(
            "--books", action="store_true", help="also write, import and rate a book of customers for each bank"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed, and say what there is now."""
        if settings.IS_PRODUCTION:
            raise CommandError("seed_demo makes invented banks with a shared password; it refuses to in production.")
        for slug, customers in seed_all(with_books=options["books"], now=timezone.now()).items():
            self.stdout.write(f"{slug}: {customers:,} customers" if customers else f"{slug}: ready")
