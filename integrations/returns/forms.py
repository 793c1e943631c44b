"""What staff enter about return files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.facts.shape import Fact
from integrations.returns import wording
from integrations.returns.layouts import LayoutInvalid, ReturnForm, form_from
from integrations.returns.tables import MAX_TEXT, records_of, table_of
from tenants.forms import StaffForm


class LayoutForm(StaffForm):
    """How the core system wants its file; ``layout`` is what it says once it is valid."""

    format = forms.ChoiceField(label=_("Format"), choices=list(wording.FORMATS.items()))
    encoding = forms.ChoiceField(label=_("Encoding"), choices=list(wording.ENCODINGS.items()))
    newline = forms.ChoiceField(label=_("End of a record"), choices=list(wording.NEWLINES.items()))
    titles = forms.BooleanField(label=_("A first line with the titles (CSV, Excel)"), required=False)
    table = forms.CharField(
        label=_("Fields"),
        help_text=_(
            "One line for each field, its columns parted by tabs or commas: record, field, title or text, bytes,"
            " filled up with, written as, codes. A table can be pasted from a spreadsheet."
        ),
        max_length=MAX_TEXT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18, "class": "textarea mono", "wrap": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the fields of the records.")},
    )

    def __init__(self, *args: Any, facts: Mapping[str, Fact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._facts = facts
        self.layout: ReturnForm | None = None

    @staticmethod
    def initial_of(form: ReturnForm) -> dict[str, Any]:
        """What the form shows of a layout."""
        shown = {key: getattr(form, key) for key in ("format", "encoding", "newline", "titles")}
        return {**shown, "table": table_of(form)}

    def clean(self) -> dict[str, Any]:
        """The fields and how they fit together."""
        given = super().clean() or {}
        if self.errors:
            return given
        try:
            records = records_of(given["table"], facts=self._facts)
            self.layout = form_from(
                {key: given[key] for key in ("format", "encoding", "newline", "titles")} | records, facts=self._facts
            )
        except LayoutInvalid as invalid:
            self.add_error("table", wording.layout_problem(invalid.code, invalid.params))
        return given


class ReasonForm(StaffForm):
    """Why a file is thrown away, or was refused."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("No names and numbers of customers."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write down why.")},
    )


class ReceiptForm(StaffForm):
    """What the core system says of the file."""

    records = forms.IntegerField(
        label=_("Records it took in"),
        min_value=0,
        max_value=1_000_000_000,
        widget=forms.NumberInput(attrs={"class": "input input--short"}),
        error_messages={"required": _("Enter a number."), "invalid": _("Enter a number.")},
    )
    receipt = forms.CharField(
        label=_("Its reception number"),
        max_length=40,
        required=False,
        help_text=_("As the core system or its operator gave it."),
    )
