"""Registers the app."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "risk"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from risk import destroying

        destroying.register()
