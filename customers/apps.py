"""Registers the app."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from customers import destroying

        destroying.register()
