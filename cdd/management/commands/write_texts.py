"""`write_texts`: brings the catalogues up to date with the code and compiles them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Run after changing a text; the suite fails while a text is not translated."""

    help = "Collects texts, keeps the catalogues of all languages and compiles them."

    def add_arguments(self, parser: CommandParser) -> None:
        """``--from`` takes translations from other catalogues: ``name.<language>.po``, ``name.po`` for Japanese."""
        parser.add_argument("--from", dest="sources", action="append", type=Path, default=[])

    def handle(self, *args: Any, **options: Any) -> None:
        """Write all files; fail if a text is missing anywhere."""
        from cdd import texts

        found = texts.messages_in(settings.BASE_DIR)
        lacking = 0
        for language in texts.LOCALES:
            folder, wanted = texts.folder_of(language, settings.BASE_DIR), texts.texts_of(language, found)
            catalogue = texts.read_catalogue(folder / "django.po", language)
            for source in options["sources"]:
                if texts.language_of(source) == language:
                    more = texts.read_catalogue(source, language)
                    catalogue = texts.updated(catalogue, found, more, language)
            catalogue = texts.updated(catalogue, wanted, language=language)
            texts.write(catalogue, folder, language)
            without = texts.missing(catalogue, wanted)
            lacking += len(without)
            for text in without:
                self.stderr.write(f"{language}: {text}")
            self.stdout.write(f"{language}: {len(wanted)} texts.")
        if lacking:
            raise CommandError(f"{lacking} texts are not translated.")
