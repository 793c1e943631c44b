"""Own attributes whose choices are those of a list, as the list's page names them."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from customers.facts.models import OwnAttribute
from customers.lists.selectors import list_in_force
from customers.lists.uses import Use, register_uses


def uses(key: str) -> Iterator[Use]:
    """Those that are in use or retired: what is known of customers is said in its words."""
    found = list_in_force(key)
    if found is None:
        return
    for attribute in OwnAttribute.objects.filter(list_key=key).exclude(status=OwnAttribute.Status.REFUSED):
        yield Use(gettext("Own attribute “%(name)s”") % {"name": attribute.name_ja}, frozenset(found.labels))


def register() -> None:
    """Called when the apps are ready."""
    register_uses(uses)
