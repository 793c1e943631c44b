"""What the audit list is filtered by, and what of it is exported."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reporting.subjects import SUBJECTS
from reporting.trails import RECORDS
from tenants.forms import DateInput, StaffForm


class AuditFilter(StaffForm):
    """Who, what, of which kind, about whom, when."""

    actor = forms.ChoiceField(label=_("Who"), required=False)
    subject = forms.ChoiceField(label=_("What"), required=False)
    record = forms.ChoiceField(label=_("Records"), required=False, choices=RECORDS)
    number = forms.CharField(label=_("Customer number"), required=False, max_length=40)
    since = forms.DateField(label=_("From"), required=False, widget=DateInput())
    until = forms.DateField(label=_("To"), required=False, widget=DateInput())

    def __init__(self, people: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who, what = self.fields["actor"], self.fields["subject"]
        assert isinstance(who, forms.ChoiceField)
        assert isinstance(what, forms.ChoiceField)
        who.choices = [("", _("Everybody")), *people]
        what.choices = [("", _("Everything")), *SUBJECTS]


class EvidenceForm(StaffForm):
    """The days whose records are exported."""

    since = forms.DateField(label=_("From"), widget=DateInput(), error_messages={"required": _("Enter the first day.")})
    until = forms.DateField(label=_("To"), widget=DateInput(), error_messages={"required": _("Enter the last day.")})

    def clean(self) -> dict[str, Any]:
        """The days in order."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("The last day is before the first."))
        return cleaned
