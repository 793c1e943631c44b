"""`migrate`, as the role that owns the tables, and with the trail's triggers kept on every one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.state import ProjectState

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
        with only_what_changed():
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


@contextmanager
def only_what_changed() -> Iterator[None]:
    """Meanwhile a step makes the class of its own model anew, not those of all models that point to the same ones.

    Every table of ours points to its tenant, so Django would make them all again for every column, index and
    constraint: most of the time of a first `migrate`. It already lets classes lag behind in this way and
    makes every one of them afresh before a step that runs code; what changes how an existing model is joined to
    others stays as it is.
    """
    states: Any = ProjectState
    everything = states._find_reload_model

    def itself(state: Any, app_label: str, model_name: str, delay: bool = False) -> set[tuple[str, str]]:
        if not delay and model_name in state.apps.all_models[app_label]:
            found: set[tuple[str, str]] = everything(state, app_label, model_name, delay)
            return found
        state.is_delayed = True
        return {(app_label, model_name)}

    states._find_reload_model = itself
    try:
        yield
    finally:
        states._find_reload_model = everything
