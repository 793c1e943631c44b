"""What staff enter about exports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.exporting.columns import choices, default, groups
from customers.exporting.models import LARGEST, CustomerExport
from customers.forms import read_matter
from tenants.forms import StaffForm


class ExportForm(StaffForm):
    """Which columns, for what, in which encoding."""

    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one column.")},
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=[("", "—"), *CustomerExport.Purpose.choices],
        error_messages={"required": _("Choose what the file is for.")},
    )
    matter = forms.CharField(
        label=_("Number of the matter"),
        help_text=_("The number of the request, the ledger or the inquiry. No names."),
        max_length=20,
        error_messages={"required": _("Enter the number of the matter.")},
    )
    encoding = forms.ChoiceField(
        label=_("Form of the file"),
        help_text=_(
            "Shift_JIS cannot write some letters of names. They stand in the file by their code points, and are listed."
        ),
        choices=CustomerExport.Encoding.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the form of the file.")},
    )

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self._of = of
        initial = {"columns": default(of), "encoding": CustomerExport.Encoding.XLSX}
        super().__init__(*args, initial=initial, **kwargs)
        columns = self.fields["columns"]
        assert isinstance(columns, forms.MultipleChoiceField)
        columns.choices = choices(of)

    def clean_matter(self) -> str:
        """Only what a number is made of, so that no name reaches the trail."""
        return read_matter(self.cleaned_data["matter"])

    def column_groups(self) -> Iterator[tuple[str, list[Any]]]:
        """The boxes of the columns as the page shows them."""
        boxes = {str(box.data["value"]): box for box in self["columns"]}
        for title, keys in groups(self._of):
            yield title, [boxes[key] for key in keys]


class RejectionForm(StaffForm):
    """Why a file is not let out."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("No names and numbers of customers."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write down why.")},
    )


class LimitForm(StaffForm):
    """Above how many rows a second person lets a file out."""

    rows = forms.IntegerField(
        label=_("Rows that one person may export"),
        help_text=_("0 has every file approved by a second person."),
        min_value=0,
        max_value=LARGEST,
        widget=forms.NumberInput(attrs={"class": "input input--short"}),
        error_messages={"required": _("Enter a number."), "invalid": _("Enter a number.")},
    )
