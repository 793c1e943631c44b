"""Registers the app."""

from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from companies import destroying

        destroying.register()
