"""What officers enter about a stay that has ended."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.forms import StaffForm


class DealForm(StaffForm):
    """What was done."""

    note = forms.CharField(
        label=_("What was done"),
        help_text=_("For example that the new residence card was asked for, and by whom. No names of other people."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={"required": _("Say in a few words what was done.")},
    )
