"""Registers the app."""

from django.apps import AppConfig


class EkycConfig(AppConfig):
    name = "ekyc"

    def ready(self) -> None:
        """Say what of ours retention may destroy, and what keeps customers from merging."""
        from ekyc import destroying, obstacles

        destroying.register()
        obstacles.register()
