"""What of companies is not dealt with, and keeps their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companies.models import CompanyNews, RegistryCertificate
from customers.merging.obstacles import Matter, register_matter


def register() -> None:
    """Called when the apps are ready."""
    words = _("News about customer %(number)s in the register of companies has not been dealt with.")
    register_matter(Matter(CompanyNews, words, lambda now: Q(status=CompanyNews.Status.OPEN)))
    words = _("A registry certificate of customer %(number)s is under way.")
    is_open = Q(status__in=[RegistryCertificate.Status.REQUESTED, RegistryCertificate.Status.TRANSCRIBED])
    register_matter(Matter(RegistryCertificate, words, lambda now: is_open))
