"""Reviews under way, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import PeriodicReview
from campaigns.selectors import OPEN_STATES
from customers.merging.obstacles import Matter, register_matter


def register() -> None:
    """Called when the apps are ready."""
    words = _("Customer %(number)s is in a periodic review that has not ended.")
    register_matter(Matter(PeriodicReview, words, lambda now: Q(status__in=OPEN_STATES)))
