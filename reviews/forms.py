"""What reviewers and their checkers write down."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.presenting import label
from reviews.models import Decision
from tenants.forms import StaffForm

ACCEPT, KEEP = "accept", "keep"


class DecisionForm(StaffForm):
    """Item by item, accept the answer or keep the file, and why."""

    rationale = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2_000,
        help_text=_("For the second person and the examiner. The customer never sees it."),
        error_messages={"required": _("Write down the reason for your decision.")},
    )

    def __init__(self, attributes: Iterable[str], data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.attributes = list(attributes)

    def choice(self, attribute: str) -> str:
        """What was chosen for an item, so that the page can show it again."""
        chosen = self.data.get(f"take-{attribute}", "")
        return chosen if chosen in (ACCEPT, KEEP) else ""

    def clean(self) -> dict[str, Any]:
        """Every item must be decided; the outcome follows from the items."""
        cleaned = super().clean() or {}
        undecided = [label(attribute) for attribute in self.attributes if not self.choice(attribute)]
        if undecided:
            items = gettext(", ").join(undecided)
            raise ValidationError(gettext("Accept or keep each item: %(items)s.") % {"items": items})
        accepted = [attribute for attribute in self.attributes if self.choice(attribute) == ACCEPT]
        cleaned["accepted"] = accepted
        cleaned["outcome"] = Decision.Outcome.UPDATE_FILE if accepted else Decision.Outcome.KEEP_FILE
        return cleaned


class ReturnForm(StaffForm):
    """Why a decision is sent back."""

    reason = forms.CharField(
        label=_("Why you return it"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2_000,
        error_messages={"required": _("Write down why you return the decision.")},
    )
