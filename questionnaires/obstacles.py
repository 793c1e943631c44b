"""Links that still open a form, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.merging.obstacles import Matter, register_matter
from questionnaires.models import AccessLink, Response


def register() -> None:
    """Called when the apps are ready."""
    words = _("Customer %(number)s holds a link that still opens a form.")
    register_matter(
        Matter(
            AccessLink,
            words,
            lambda now: Q(response__status__in=Response.UNANSWERED, is_to_read=False, expires_at__gt=now),
            customer="response__customer",
        )
    )
