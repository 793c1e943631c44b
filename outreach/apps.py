"""Registers the app."""

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "outreach"

    def ready(self) -> None:
        """Say what of ours retention may destroy, what keeps customers from merging, and which lists are exported."""
        from outreach import destroying, handlers, listing, obstacles  # noqa: F401  # handlers register themselves
        from outreach.papers import enclosing
        from outreach.papers import listing as paper_listing

        destroying.register()
        enclosing.register()
        listing.register()
        paper_listing.register()
        obstacles.register()
