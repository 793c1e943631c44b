"""What staff choose to import, and why they look at personal data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.asked import LENGTH
from customers.models import Customer, FixedLayout, RiskTier
from customers.viewing import ViewReason
from tenants.forms import DateInput, StaffForm


class SearchForm(StaffForm):
    """What to find, and the filters that stay."""

    search = forms.CharField(required=False, max_length=LENGTH)
    kind = forms.ChoiceField(choices=Customer.Kind.choices, required=False)
    tier = forms.ChoiceField(choices=RiskTier.choices, required=False)
    segment = forms.UUIDField(required=False)


class ImportForm(StaffForm):
    """One file of customers."""

    file = forms.FileField(
        label=_("Customer file"),
        help_text=_("CSV in Shift_JIS (CP932), UTF-8 or UTF-16, or an Excel workbook (xlsx)."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.dat,.xlsx,text/csv"}),
        allow_empty_file=True,  # the reader of files says what is wrong with it
        error_messages={
            "required": _("Choose the file."),
            "missing": _("Choose the file."),
            "max_length": _("The name of the file is too long. Rename it and upload it again."),
        },
        max_length=200,
    )
    layout = forms.ChoiceField(
        label=_("How its records are written"),
        help_text=_("Choose a layout only for files of fixed lengths, which have no heading line."),
        required=False,
    )

    def __init__(self, *args: Any, layouts: Sequence[FixedLayout] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["layout"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("Lines with a heading, or a workbook")), *((str(one.pk), one.name) for one in layouts)]
        if not layouts:
            choice.widget = forms.HiddenInput()


class ContactSearchForm(StaffForm):
    """Why somebody to whom personal data are masked asks whose a telephone number or e-mail address is."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=ViewReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason."), "invalid_choice": _("Choose the reason.")},
    )


class RevealForm(StaffForm):
    """Why personal data is to be shown."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=ViewReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason."), "invalid_choice": _("Choose the reason.")},
    )
    matter = forms.CharField(
        label=_("Number of the matter"),
        help_text=_("The number of the request, the ledger or the inquiry. No names."),
        max_length=20,
        error_messages={"required": _("Enter the number of the matter.")},
    )
    # The page to come back to; none is the customer's.
    page = forms.ChoiceField(choices=[("timeline", ""), ("edit", "")], required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, sensitive: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sensitive:
            del self.fields["matter"]

    def clean_matter(self) -> str:
        """Only what a number is made of, so that no name reaches the trail."""
        return read_matter(self.cleaned_data["matter"])


def read_matter(typed: str) -> str:
    """The number of a matter in narrow characters. Raises ValidationError for what may be a name."""
    matter = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"(?=.*[0-9])[0-9A-Za-z-]+", matter):
        raise forms.ValidationError(_("Use digits, letters and hyphens, with at least one digit."))
    return matter


class ClosingForm(StaffForm):
    """The day a contract ended; empty when it goes on after all."""

    closed_on = forms.DateField(
        label=_("End of the contract"),
        help_text=_(
            "From this day on the duty to keep the records is counted. Leave it empty if the contract goes on."
        ),
        widget=DateInput(),
        required=False,
        error_messages={"invalid": _("Enter a date, such as 2027-01-31.")},
    )


class PastForm(StaffForm):
    """The day whose end is looked back at."""

    on = forms.DateField(
        label=_("Day to look back at"),
        help_text=_("The file as it stood at the end of this day in Japan."),
        widget=DateInput(),
        error_messages={
            "required": _("Enter a day, such as 2027-01-31."),
            "invalid": _("Enter a day, such as 2027-01-31."),
        },
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        self.fields["on"].widget.attrs["max"] = today.isoformat()

    def clean_on(self) -> date:
        """A day that has come, and that calendars and time zones can still count with."""
        day: date = self.cleaned_data["on"]
        if day > self._today:
            raise forms.ValidationError(_("Enter a day that is not in the future."))
        if day.year < 1900:
            raise forms.ValidationError(_("Enter a day after 1900."))
        return day
