"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"

    def import_models(self) -> None:
        """Changes of accounts have a room of their own."""
        super().import_models()
        import_module("channels.accounts.models")

    def ready(self) -> None:
        """Connect the handlers, and say what of ours retention may destroy and what keeps customers from merging."""
        from channels import destroying, handlers, obstacles  # noqa: F401  # importing the handlers is connecting them
        from channels.wishes import listing

        destroying.register()
        listing.register()
        obstacles.register()
