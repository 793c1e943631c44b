"""Notices on their way and accounts being tied, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models import DeliveryAttempt, LineLink
from customers.merging.obstacles import Matter, register_matter


def register() -> None:
    """Called when the apps are ready."""
    leaving = (DeliveryAttempt.Status.QUEUED, DeliveryAttempt.Status.SENDING)
    register_matter(
        Matter(
            DeliveryAttempt,
            _("A notice to customer %(number)s has not been sent."),
            lambda now: Q(status__in=leaving),
            customer="notice__customer",
        )
    )
    words = _("Customer %(number)s is just tying a LINE account.")
    register_matter(Matter(LineLink, words, lambda now: Q(expires_at__gt=now)))
