"""Registers the app."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from reviews import destroying

        destroying.register()
