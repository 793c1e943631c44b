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
        """Say what of ours retention may destroy."""
        from channels import destroying

        destroying.register()
