"""Registers the app."""

from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    name = "questionnaires"

    def ready(self) -> None:
        """Say what of ours retention may destroy."""
        from questionnaires import destroying

        destroying.register()
