"""Calls and visits to come, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.merging.obstacles import Matter, register_matter
from outreach.models import OutreachTask


def register() -> None:
    """Called when the apps are ready."""
    words = _("A call or visit to customer %(number)s has not been done.")
    waiting = (OutreachTask.Status.OPEN, OutreachTask.Status.ASSIGNED)
    register_matter(Matter(OutreachTask, words, lambda now: Q(status__in=waiting)))
