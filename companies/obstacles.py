"""News of companies to be looked at, which keep their customer from becoming part of another."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from companies.models import CompanyNews
from customers.merging.obstacles import Matter, register_matter


def register() -> None:
    """Called when the apps are ready."""
    words = _("News about customer %(number)s in the register of companies has not been dealt with.")
    register_matter(Matter(CompanyNews, words, lambda now: Q(status=CompanyNews.Status.OPEN)))
