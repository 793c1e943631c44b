"""What staff enter to raise a flag and to lift one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.flags.models import CustomerFlag
from customers.flags.rules import OF_COMPANIES
from tenants.forms import DateInput, StaffForm

_LONGEST = 500


class FlagForm(StaffForm):
    """One flag; the services say what cannot be."""

    kind = forms.ChoiceField(
        label=_("Flag"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the flag."), "invalid_choice": _("Choose the flag.")},
    )
    reason = forms.CharField(
        label=_("Why, and from whom we know it"),
        help_text=_("Sealed. Only officers and approvers can read it, and every reading is on the record."),
        max_length=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write down why the flag is raised.")},
    )
    from_on = forms.DateField(
        label=_("It has been so since"),
        widget=DateInput(),
        error_messages={"required": _("Enter the day."), "invalid": _("Enter a date, such as 2027-01-31.")},
    )
    until_on = forms.DateField(
        label=_("Last day, where it is known"),
        help_text=_(
            "The flag lapses by itself after this day. Leave it empty if it is to stay until somebody lifts it."
        ),
        required=False,
        widget=DateInput(),
        error_messages={"invalid": _("Enter a date, such as 2027-01-31.")},
    )

    def __init__(self, *args: Any, is_company: bool, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [one for one in CustomerFlag.Kind.choices if not is_company or one[0] in OF_COMPANIES]
        self.fields["from_on"].initial = today


class LiftForm(StaffForm):
    """Why a flag is to be lifted."""

    reason = forms.CharField(
        label=_("Why the flag is to be lifted"),
        help_text=_("Sealed, as the reason for the flag itself."),
        max_length=_LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write down why the flag is to be lifted.")},
    )
