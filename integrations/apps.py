"""Registers the app."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "integrations"

    def ready(self) -> None:
        """Say what of ours goes with a customer, and what reads own attributes."""
        from integrations import destroying, reading

        destroying.register()
        reading.register()
