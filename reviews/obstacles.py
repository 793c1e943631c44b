"""Cases to be judged, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.merging.obstacles import Matter, register_matter
from reviews.models import Case


def register() -> None:
    """Called when the apps are ready."""
    words = _("A case of customer %(number)s has not been decided.")
    waiting = (Case.Status.OPEN, Case.Status.AWAITING_APPROVAL)
    register_matter(Matter(Case, words, lambda now: Q(status__in=waiting)))
