"""What staff enter about the texts of notices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels.protocols import Channel
from tenants.forms import StaffForm


class WordsForm(StaffForm):
    """A text; e-mail and letters have a first line beside it."""

    subject = forms.CharField(label=_("Subject"), max_length=120, required=False)
    body = forms.CharField(
        label=_("Text"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("Variables in braces are filled in for each customer."),
    )

    def __init__(self, channel: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if channel == Channel.POST:
            self.fields["subject"].label = _("Heading")
        elif channel != Channel.EMAIL:
            del self.fields["subject"]


class ReturnForm(StaffForm):
    """Why a text goes back."""

    reason = forms.CharField(label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3}))
