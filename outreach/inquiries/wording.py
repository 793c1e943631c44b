"""What the ready answers are called; their texts are in `outreach.inquiries.ready`."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLES: Mapping[str, Promise | str] = {
    "genuine": _("The notice is ours"),
    "date": _("The date has passed"),
    "changed": _("A change of name or address"),
    "papers": _("Which documents are needed"),
    "others": _("Nothing of others is told"),
    "call": _("We will call"),
}
