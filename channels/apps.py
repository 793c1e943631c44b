"""Registers the app."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    name = "channels"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from channels import destroying

        destroying.register()
