"""Which kept filters ask an institution's own attribute, or codes of its lists."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from customers.facts.readers import Reader, register_readers
from customers.lists.uses import Use, register_uses
from customers.segments.models import Segment


def readers(key: str) -> Iterator[Reader]:
    """Shared filters by their names; somebody's own ones are counted and not named."""
    asking = Segment.objects.filter(document__conditions__contains=[{"field": key}]).order_by("name", "pk")
    for name in asking.filter(is_shared=True).values_list("name", flat=True):
        yield Reader(gettext("The shared filter “%(name)s”") % {"name": name})
    if count := asking.filter(is_shared=False).count():
        words = ngettext("%(count)s filter of a member of staff", "%(count)s filters of members of staff", count)
        yield Reader(words % {"count": count})


def uses(key: str) -> Iterator[Use]:
    """Shared filters by their names, and everybody's own ones together, that ask codes of a list."""
    asking = Segment.objects.filter(document__conditions__contains=[{"field": key}]).order_by("name", "pk")
    apart: set[str] = set()
    for one in asking:
        codes = {str(code) for said in one.document["conditions"] if said["field"] == key for code in said["any_of"]}
        if one.is_shared:
            yield Use(gettext("The shared filter “%(name)s”") % {"name": one.name}, frozenset(codes))
        else:
            apart |= codes
    yield Use(gettext("Filters of members of staff"), frozenset(apart))


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
    register_uses(uses)
