"""Registers the checks that refuse an insecure production."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class CddConfig(AppConfig):
    name = "cdd"

    def ready(self) -> None:
        """Every management command runs the checks; the web and the workers ask for them as they start."""
        from cdd.checks import check_production

        register(check_production, Tags.security)
