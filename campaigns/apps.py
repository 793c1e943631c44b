"""Registers the app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        """Connect the handlers, and say what of ours retention may destroy."""
        from campaigns import destroying, handlers  # noqa: F401  # importing the handlers is connecting them

        destroying.register()
