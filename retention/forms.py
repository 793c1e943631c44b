"""What staff enter about keeping and destroying."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from retention.models import LegalHold
from tenants.forms import StaffForm


class HoldForm(StaffForm):
    """Whose records are not to be destroyed, and why."""

    number = forms.CharField(
        label=_("Customer number"), max_length=40, error_messages={"required": _("Enter the customer number.")}
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=LegalHold.Reason.choices,
        error_messages={"required": _("Choose the reason."), "invalid_choice": _("Choose the reason.")},
    )
    matter = forms.CharField(
        label=_("Number of the matter"),
        help_text=_("The number of the request, the ledger or the inquiry. No names."),
        max_length=40,
        error_messages={"required": _("Enter the number of the matter.")},
    )


class LengthForm(StaffForm):
    """How long a class of records is kept."""

    length = forms.IntegerField(
        label=_("Length"), min_value=1, max_value=100_000, error_messages={"required": _("Enter a number.")}
    )


class RejectForm(StaffForm):
    """Why a purge is rejected."""

    reason = forms.CharField(
        label=_("Why you reject it"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=200,
        error_messages={"required": _("Write down why you reject the purge.")},
    )
