"""Registers the app."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        """Say what of ours retention may destroy, what keeps customers from merging, and what is exported."""
        from reviews import destroying, listing, obstacles

        destroying.register()
        obstacles.register()
        listing.register()
