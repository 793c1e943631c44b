"""Registers the app."""

from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    name = "questionnaires"

    def ready(self) -> None:
        """Say what of ours retention may destroy, what keeps customers from merging, and what reads own attributes."""
        from questionnaires import destroying, keeping, listing, mapping, obstacles
        from questionnaires.branding import models  # noqa: F401  # its table, before any address is asked for

        destroying.register()
        keeping.register()
        listing.register()
        obstacles.register()
        mapping.register()
