"""Registers the app."""

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "outreach"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from outreach import destroying

        destroying.register()
