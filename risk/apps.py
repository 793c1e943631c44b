"""Registers the app."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "risk"

    def ready(self) -> None:
        """Say what of ours retention may destroy, and what reads own attributes."""
        from risk import destroying, reading

        destroying.register()
        reading.register()
