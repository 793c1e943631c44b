"""What was told, and what follows from it, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from outreach.claims.asking import REASONS, WHEN

type Words = Promise | str

LABELS: Mapping[str, Words] = {
    "name": _("Who told us"),
    "phone": _("Telephone number"),
    "when": _("When to call"),
    "reason": _("Closest reason"),
    "text": _("In their own words"),
}
# What a confirmation does: shown to staff above the button.
OUTCOMES: Mapping[str, Words] = {
    "DECEASED": _(
        "The customer is flagged as deceased: links end, and nobody is written to or called. Two people lift it again."
    ),
    "GUARDIAN": _(
        "The customer is flagged as under guardianship: links end, and the guardian is asked instead. Enter the"
        " guardian among the related parties, and add the papers to the flag."
    ),
    "HELPER": _("Nothing changes by itself. Call, and flag the customer as needing particular care if that is so."),
    "REFUSAL": _("What waits is withdrawn, and the review counts as not answered. An answer still counts if it comes."),
    "NOT_MINE": _(
        "The address the notice went to is marked as wrong, and its links end. Find the right one before asking again."
    ),
}


def say(name: str, value: str) -> Words:
    """One thing that was told, in words."""
    return {"when": WHEN, "reason": REASONS}.get(name, {}).get(value, value)
