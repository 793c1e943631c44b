"""Registers the app."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        """Say what of ours retention may destroy, and what keeps customers from merging."""
        from reviews import destroying, obstacles

        destroying.register()
        obstacles.register()
