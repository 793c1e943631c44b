"""Registers the app."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        """Say what of ours goes with a customer."""
        from integrations import destroying

        destroying.register()
