"""Registers the app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        """Connect the handlers, and say what of ours is destroyed, keeps customers from merging, and is exported."""
        from campaigns import destroying, handlers, listing, obstacles  # noqa: F401  # importing the handlers is connecting them

        destroying.register()
        obstacles.register()
        listing.register()
