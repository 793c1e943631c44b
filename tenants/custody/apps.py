"""Registers the app, whose migrations run in the keys' database and nowhere else."""

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    name = "tenants.custody"
