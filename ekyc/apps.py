"""Registers the app."""

from django.apps import AppConfig


class EkycConfig(AppConfig):
    name = "ekyc"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from ekyc import destroying

        destroying.register()
