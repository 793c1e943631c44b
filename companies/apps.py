"""Registers the app."""

from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self) -> None:
        """Say what of ours retention may destroy, and what keeps customers from merging."""
        from companies import destroying, obstacles

        destroying.register()
        obstacles.register()
