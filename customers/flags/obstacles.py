"""What of flags keeps customers from becoming part of another: one in force would be heeded for nobody afterwards."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.flags.models import CustomerFlag
from customers.merging.obstacles import Matter, register_matter


def register() -> None:
    """Called when the apps are ready."""
    words = _("Customer %(number)s has a flag. Raise it for the customer who goes on, then have it lifted here.")
    register_matter(Matter(CustomerFlag, words, lambda now: Q(status=CustomerFlag.Status.IN_FORCE)))
