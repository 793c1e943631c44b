"""Calls and visits to come, and what waits for an answer, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.merging.obstacles import Matter, register_matter
from outreach.models import Claim, Inquiry, OutreachTask, PaperAnswer
from outreach.papers.models import OPEN


def register() -> None:
    """Called when the apps are ready."""
    words = _("A call or visit to customer %(number)s has not been done.")
    waiting = (OutreachTask.Status.OPEN, OutreachTask.Status.ASSIGNED)
    register_matter(Matter(OutreachTask, words, lambda now: Q(status__in=waiting)))
    words = _("An inquiry of customer %(number)s has not been answered.")
    register_matter(Matter(Inquiry, words, lambda now: Q(status=Inquiry.Status.OPEN)))
    words = _("What was told of the circumstances of customer %(number)s has not been looked into.")
    register_matter(Matter(Claim, words, lambda now: Q(status=Claim.Status.OPEN)))
    words = _("An answer on paper of customer %(number)s has not been dealt with.")
    register_matter(Matter(PaperAnswer, words, lambda now: Q(status__in=OPEN)))
