"""`write_texts`: brings the Japanese catalogue up to date with the code and compiles it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Run after changing a text; the suite fails while a text has no Japanese."""

    help = "Collects texts, keeps the Japanese catalogue and compiles it."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--from`` takes translations from other catalogues."""
        parser.add_argument("--from", dest="sources", action="append", type=Path, default=[])

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both files; fail if a text has no Japanese."""
        from cdd import texts

        folder = settings.BASE_DIR / "locale" / "ja" / "LC_MESSAGES"
        found = texts.messages_in(settings.BASE_DIR)
        catalogue = texts.read_catalogue(folder / "django.po")
        for source in options["sources"]:
            catalogue = texts.updated(catalogue, found, texts.read_catalogue(source))
        catalogue = texts.updated(catalogue, found)
        texts.write(catalogue, folder)
        without = texts.missing(catalogue, found)
        for text in without:
            self.stderr.write(text)
        if without:
            raise CommandError(f"{len(without)} of {len(found)} texts have no Japanese.")
        self.stdout.write(f"{len(found)} texts.")
