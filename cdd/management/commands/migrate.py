"""`migrate`, as the role that owns the tables: the application's role may not change them."""

from __future__ import annotations

from django.core.management.base import CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    """Django's command, with the owner's connection as its default."""

    def add_arguments(self, parser: CommandParser) -> None:
        """As Django's."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
