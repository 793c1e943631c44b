"""What staff enter about the texts of notices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels.protocols import Channel
from channels.wording.guests import CHANNELS
from customers.forms import RevealForm
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


class GuestForm(StaffForm):
    """Somebody who agreed to receive tests."""

    channel = forms.ChoiceField(label=_("Channel"), choices=CHANNELS)
    name = forms.CharField(
        label=_("Recipient"), max_length=40, error_messages={"required": _("Enter the name of the recipient.")}
    )
    address = forms.CharField(
        label=_("Goes to"),
        error_messages={"required": _("Enter where tests go.")},
        help_text=_("A mobile number, an e-mail address, or a LINE user ID. Never a customer's."),
        max_length=254,
    )
    has_agreed = forms.BooleanField(
        label=_("This person has agreed to receive tests at this address."),
        error_messages={"required": _("Ask the person first, then tick the box.")},
    )


class CustomerForm(RevealForm):
    """Through whose eyes a text is to be seen. ``matter`` only where the customer's data are watched closely."""

    number = forms.CharField(
        label=_("Customer number"), max_length=40, error_messages={"required": _("Enter the customer number.")}
    )
    field_order = ("number", "matter")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["reason"]
