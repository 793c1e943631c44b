"""`manage.py prepare_demo`: all that must be done before the demonstration's processes start, in one process."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """One start of Django instead of three: most of the waiting is importing."""

    help = "Migrate, gather static files and create the demonstration banks. Never in production."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What may be left out."""
        parser.add_argument("--books", action="store_true", help="fill the banks as well")
        parser.add_argument("--static", action="store_true", help="gather static files as well")

    def handle(self, *args: Any, **options: Any) -> None:
        """In the order in which each needs the one before."""
        call_command("migrate", interactive=False, verbosity=0)
        if options["static"]:
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        call_command("seed_demo", books=options["books"], stdout=self.stdout)
