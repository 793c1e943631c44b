"""What staff enter to take in a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from tenants.forms import StaffForm

NEW = ""


class ImportForm(StaffForm):
    """The workbook, and what is to become of it."""

    file = forms.FileField(
        label=_("XLSForm workbook"),
        help_text=_("An Excel workbook (xlsx) with the sheets survey, choices and settings, up to 2 MB."),
        widget=forms.FileInput(
            attrs={"accept": ".xlsx,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
        ),
        allow_empty_file=True,  # the reader of workbooks says what is wrong with it
        error_messages={"required": _("Choose the file."), "missing": _("Choose the file.")},
    )
    questionnaire = forms.ChoiceField(
        label=_("What it is to become"),
        required=False,
        error_messages={"invalid_choice": _("Choose one of these.")},
    )
    audience = forms.ChoiceField(
        label=_("Who answers it"),
        choices=Customer.Kind.choices,
        help_text=_("Only for a new questionnaire."),
        required=False,
        widget=forms.RadioSelect,
        initial=Customer.Kind.INDIVIDUAL,
        error_messages={"invalid_choice": _("Choose one of these.")},
    )

    def __init__(self, *args: Any, known: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """``known``: id and name of the questionnaires there are."""
        super().__init__(*args, **kwargs)
        field = self.fields["questionnaire"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(NEW, _("A new questionnaire")), *((pk, _("A new draft of: ") + name) for pk, name in known)]


class TakeForm(forms.Form):
    """What the dry look showed, sent back to become a draft."""

    document = forms.JSONField()
    questionnaire = forms.UUIDField(required=False)
    audience = forms.ChoiceField(choices=Customer.Kind.choices)
