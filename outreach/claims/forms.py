"""What staff enter about a claim."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from outreach.claims.rules import FLAGS
from tenants.forms import DateInput, StaffForm


class FindingForm(StaffForm):
    """What somebody found out; the day only where a flag follows."""

    finding = forms.CharField(
        label=_("What you looked at, and what it says"),
        help_text=_("Sealed. Of a death or a guardian it becomes the reason of the flag."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write down what you looked at, and what it says.")},
    )
    from_on = forms.DateField(
        label=_("It has been so since"),
        widget=DateInput(),
        required=False,
        error_messages={"invalid": _("Enter a date, such as 2027-01-31.")},
    )

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind not in FLAGS:
            del self.fields["from_on"]
