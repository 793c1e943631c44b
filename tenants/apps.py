"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def import_models(self) -> None:
        """Sign-in and domains have rooms of their own for their tables."""
        super().import_models()
        import_module("tenants.domains.models")
        import_module("tenants.sign_in.models")

    def ready(self) -> None:
        """Listen to what happens at the door."""
        import_module("tenants.sign_in.receivers")
