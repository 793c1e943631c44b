"""`manage.py make_book`: write a synthetic customer book to a file."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from customers.synthetic import REGIONS, make_book


class Command(BaseCommand):
    """Write a synthetic book. Needs no database."""

    help = "Write a synthetic customer book (CP932 CSV). The same arguments give the same bytes."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Sizes, seed, bank and the day it is made for."""
        parser.add_argument("--out", type=Path, required=True, help="file to write")
        parser.add_argument("--individuals", type=int, default=5_000)
        parser.add_argument("--companies", type=int, default=300)
        parser.add_argument("--broken", type=int, default=44, help="rows broken on purpose")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--detailed", action="store_true", help="with the columns that a file need not have")
        parser.add_argument("--bank", choices=sorted(REGIONS), default="asanagi")
        parser.add_argument("--today", type=date.fromisoformat, help="YYYY-MM-DD in Japan; default: today")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and say how large it is."""
        book = make_book(
            individuals=options["individuals"],
            companies=options["companies"],
            broken=options["broken"],
            seed=options["seed"],
            bank=options["bank"],
            is_detailed=options["detailed"],
            today=options["today"] or timezone.localdate(),
        )
        options["out"].write_bytes(book.content)
        print(f"{options['out']}: {book.good} customers, {book.broken} broken rows, {len(book.content)} bytes")
