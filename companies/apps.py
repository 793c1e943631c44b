"""Registers the app."""

from django.apps import AppConfig


class CompaniesConfig(AppConfig):
    name = "companies"

    def ready(self) -> None:
        """Say what of ours retention may destroy, what keeps customers from merging, and which lists are exported."""
        from companies import destroying, listing, obstacles

        destroying.register()
        listing.register()
        obstacles.register()
