"""Registers the app."""

from importlib import import_module

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"

    def import_models(self) -> None:
        """Exports, flags, pairs that look alike, merges, segments, stays and warnings have rooms of their own."""
        super().import_models()
        import_module("customers.exporting.models")
        import_module("customers.flags.models")
        import_module("customers.imports.warned")
        import_module("customers.lists.models")
        import_module("customers.matching.models")
        import_module("customers.merging.models")
        import_module("customers.segments.models")
        import_module("customers.stays.models")

    def ready(self) -> None:
        """Say what of ours retention may destroy, what keeps customers from merging, and what reads own attributes."""
        from customers import destroying
        from customers.codes import read_own_lists
        from customers.facts import keeping
        from customers.facts import listing as own_listing
        from customers.flags import obstacles
        from customers.lists.selectors import labels_of_own
        from customers.matching import listing
        from customers.segments import reading

        destroying.register()
        listing.register()
        own_listing.register()
        keeping.register()
        obstacles.register()
        read_own_lists(labels_of_own)
        reading.register()
