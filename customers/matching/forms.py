"""What somebody says about a pair."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.matching.models import MatchCandidate
from tenants.forms import StaffForm

Status = MatchCandidate.Status


class JudgeForm(StaffForm):
    """Not the same, or one household."""

    judgement = forms.ChoiceField(
        label=_("What are they?"),
        choices=[
            (Status.DIFFERENT, _("Not the same: two people or two companies")),
            (Status.HOUSEHOLD, _("Not the same, but one household")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what they are."), "invalid_choice": _("Choose what they are.")},
    )
