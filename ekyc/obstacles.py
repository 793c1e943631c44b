"""Identity verifications under way, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.merging.obstacles import Matter, register_matter
from ekyc.models import Verification


def register() -> None:
    """Called when the apps are ready."""
    words = _("An identity verification of customer %(number)s has not ended.")
    waiting = (Verification.Status.CREATED, Verification.Status.OPENED, Verification.Status.SUBMITTED)
    register_matter(Matter(Verification, words, lambda now: Q(status__in=waiting)))
