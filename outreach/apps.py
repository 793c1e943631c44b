"""Registers the app."""

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "outreach"

    def ready(self) -> None:
        """Say what of ours retention may destroy, and what keeps customers from merging."""
        from outreach import destroying, obstacles

        destroying.register()
        obstacles.register()
