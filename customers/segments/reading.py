"""Which kept filters ask an institution's own attribute."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from customers.facts.readers import Reader, register_readers
from customers.segments.models import Segment


def readers(key: str) -> Iterator[Reader]:
    """Shared filters by their names; somebody's own ones are counted and not named."""
    asking = Segment.objects.filter(document__conditions__contains=[{"field": key}]).order_by("name", "pk")
    for name in asking.filter(is_shared=True).values_list("name", flat=True):
        yield Reader(gettext("The shared filter “%(name)s”") % {"name": name})
    if count := asking.filter(is_shared=False).count():
        words = ngettext("%(count)s filter of a member of staff", "%(count)s filters of members of staff", count)
        yield Reader(words % {"count": count})


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
