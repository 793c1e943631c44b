"""Registers the app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"

    def ready(self) -> None:
        """Connect the handlers."""
        from campaigns import handlers  # noqa: F401  # importing is connecting
