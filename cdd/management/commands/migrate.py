"""`migrate`, as the role that owns the tables, and with the trail's triggers kept on every one of them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections

from audit.installing import install_triggers
from tenants.custody.routing import APP, KEYS, KEYS_OWNER


class Command(migrate.Command):
    """Django's command, with the owner's connection as its default."""

    def add_arguments(self, parser: CommandParser) -> None:
        """As Django's."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; then install even where nothing was to be migrated, because the code may have changed."""
        self._using = options["database"]
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]):
            self._install()
        # With nothing named, the keys' database is brought up to date as well.
        if self._using == "owner" and not options["app_label"]:
            self.handle(*args, **{**options, "database": KEYS_OWNER, "app_label": APP})

    def migration_progress_callback(self, action: str, *args: Any, **kwargs: Any) -> None:
        """After each migration, so that the next one finds its rows watched and no function names a column gone."""
        super().migration_progress_callback(action, *args, **kwargs)
        if action in ("apply_success", "unapply_success"):
            self._install()

    def _install(self) -> None:
        if self._using in (KEYS, KEYS_OWNER):  # it holds no trail
            return
        touched = install_triggers(connections[self._using])
        if touched and self.verbosity > 1:
            self.stdout.write(f"  Watched by the trail: {', '.join(touched)}")
