"""What staff enter to plan a campaign, and why they stop or return one."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from tenants.forms import DateInput, StaffForm


class PlanForm(StaffForm):
    """Whom to ask, by when."""

    name = forms.CharField(
        label=_("Name of the campaign"),
        max_length=80,
        help_text=_("Seen by staff only."),
        error_messages={"required": _("Give the campaign a name.")},
    )
    due_by = forms.DateField(
        label=_("Customers due by"),
        widget=DateInput(),
        help_text=_("Everybody whose next review falls on or before this day is taken in."),
        error_messages={
            "required": _("Enter the day up to which customers are due."),
            "invalid": _("Enter a date, such as 2027-01-31."),
        },
    )
    deadline_on = forms.DateField(
        label=_("Answers until"),
        widget=DateInput(),
        help_text=_("The day customers read as their deadline."),
        error_messages={
            "required": _("Enter the deadline for answers."),
            "invalid": _("Enter a date, such as 2027-01-31."),
        },
    )


class ReasonForm(StaffForm):
    """Why a campaign is returned."""

    reason = forms.CharField(
        label=_("Why you return it"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=400,
        error_messages={"required": _("Write down why you return the campaign.")},
    )
