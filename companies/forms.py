"""What staff decide about news and take over from the register."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from companies.comparing import FACTS, Line
from companies.models import CompanyNews
from customers.presenting import LABELS
from tenants.forms import StaffForm

Status = CompanyNews.Status
_WORDS = {
    Status.TAKEN_OVER: _("Take it over into the customer file"),
    Status.DEALT_WITH: _("It has been dealt with otherwise"),
    Status.NO_MATTER: _("It is of no matter"),
}


class NewsForm(StaffForm):
    """Take over, or close with a note."""

    outcome = forms.ChoiceField(label=_("What follows from it"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"),
        help_text=_("Needed unless it is taken over: what was done, or why nothing follows."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        required=False,
    )

    def __init__(self, lines: list[Line], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = lines
        differ = any(not line.is_same for line in lines)
        outcomes = [value for value in _WORDS if value != Status.TAKEN_OVER or differ]
        field = self.fields["outcome"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(value, _WORDS[value]) for value in outcomes]


class TakeForm(forms.Form):
    """What of one company of the register goes into the file."""

    number = forms.CharField(max_length=13)
    take = forms.MultipleChoiceField(choices=[(key, LABELS[key]) for key in FACTS], required=False)
