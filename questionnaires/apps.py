"""Registers the app."""

from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    name = "questionnaires"

    def ready(self) -> None:
        """Say what of ours retention may destroy, and what keeps customers from merging."""
        from questionnaires import destroying, obstacles

        destroying.register()
        obstacles.register()
