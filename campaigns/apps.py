"""Registers the app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        """Connect the handlers, and say what of ours retention may destroy and what keeps customers from merging."""
        from campaigns import destroying, handlers, obstacles  # noqa: F401  # importing the handlers is connecting them

        destroying.register()
        obstacles.register()
