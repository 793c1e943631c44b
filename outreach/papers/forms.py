"""What staff enter about a sheet of paper; what stands on it is keyed in the customer's own questions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from outreach.papers.models import PaperPolicy
from tenants.forms import DateInput, StaffForm

_DAY_ERRORS: dict[str, Any] = {
    "required": _("Enter the day."),
    "invalid": _("Enter a date, such as 2027-01-31."),
}


class ScansInput(forms.FileInput):
    """Several files at once, as a scanner makes one of each page."""

    allow_multiple_selected = True


class ScansField(forms.FileField):
    """What was chosen, none or several."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Each of them as one would be."""
        return [super(ScansField, self).clean(one, initial) for one in data or ()]


class ReceiveForm(StaffForm):
    """A sheet that came in."""

    number = forms.CharField(
        label=_("Reference number on the sheet"),
        help_text=_("Twelve digits. Type them, or read the code with a scanner."),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
        error_messages={"required": _("Enter the number on the sheet.")},
    )
    received_on = forms.DateField(
        label=_("Day it came in"),
        help_text=_("As the date stamp says."),
        widget=DateInput(),
        error_messages=_DAY_ERRORS,
    )
    is_signed = forms.TypedChoiceField(
        label=_("Is it signed?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    signed_on = forms.DateField(
        label=_("Day of the signature"),
        help_text=_("As written beside it; leave it empty where there is none."),
        widget=DateInput(),
        required=False,
        error_messages=_DAY_ERRORS,
    )
    scans = ScansField(
        label=_("Scans of the sheet"),
        help_text=_("JPEG, PNG, WebP, HEIC or PDF, up to 15 MB each. They can also be added later, before the check."),
        widget=ScansInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/heic,application/pdf"}),
        required=False,
        allow_empty_file=True,  # the reader of pictures says what is wrong with it
    )


class DiscardForm(StaffForm):
    """Why a sheet is not used."""

    because = forms.CharField(
        label=_("Why it is not used"),
        max_length=400,
        required=False,  # the service says it in a sentence
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_other_customers = forms.BooleanField(
        label=_("It is another customer’s sheet: destroy the pictures here"),
        help_text=_("Then enter the sheet again by its own number."),
        required=False,
    )


class ResumeForm(StaffForm):
    """What the customer said when asked back."""

    note = forms.CharField(
        label=_("Who said what, and when"),
        help_text=_("Sealed with the customer's own key."),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    signed_on = forms.DateField(
        label=_("Day of the signature, if a signed page has come"),
        widget=DateInput(),
        required=False,
        error_messages=_DAY_ERRORS,
    )


class ReturnForm(StaffForm):
    """Why a sheet goes back to be keyed anew."""

    note = forms.CharField(
        label=_("What is to be corrected"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LookForm(StaffForm):
    """What came of comparing a sheet that was set aside."""

    finding = forms.CharField(
        label=_("What you compared, and what follows from it"),
        max_length=1_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PolicyForm(StaffForm):
    """How paper answers are checked."""

    checked_share = forms.IntegerField(
        label=_("Of a hundred sheets, a second person checks"),
        help_text=_("100: every sheet. With less, chance draws those to be checked, and the rest count at once."),
        min_value=1,
        max_value=100,
        error_messages={
            name: _("Enter a number from 1 to 100.") for name in ("required", "invalid", "min_value", "max_value")
        },
    )
    needs_signature = forms.BooleanField(
        label=_("A sheet without a signature is not an answer"),
        help_text=_("The customer is asked back."),
        required=False,
    )

    def __init__(self, policy: PaperPolicy, *args: Any, **kwargs: Any) -> None:
        initial = {"checked_share": policy.checked_share, "needs_signature": policy.needs_signature}
        super().__init__(*args, initial=initial, **kwargs)
