"""Registers the app."""

from django.apps import AppConfig


class EkycConfig(AppConfig):
    name = "ekyc"
