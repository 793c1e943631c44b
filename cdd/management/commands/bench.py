"""`manage.py bench NAME`: measure one headline path against its peer and its limit."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from cdd import benchmarks


class Command(BaseCommand):
    """Runs on servers of its own, which are removed afterwards."""

    help = "Measure a headline path against its peer and its physical limit in the same run."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one, how large, and in what form to answer."""
        parser.add_argument("name", choices=benchmarks.names())
        parser.add_argument("--rows", type=int, help="how many; default: the benchmark's own size")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure and print."""
        result = benchmarks.run(options["name"], options["rows"])
        self.stdout.write(result.as_json() if options["json"] else result.as_text())
