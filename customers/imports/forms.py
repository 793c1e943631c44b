"""How a person says that a file is to be read: its encoding and delimiter, and what each column is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.facts.catalogue import INDISPENSABLE
from customers.facts.selectors import columns_in_use
from customers.formats.tape import UNIT
from customers.imports.layouts import DELIMITERS, ENCODINGS
from customers.models import CustomerImport
from customers.wording import column_title
from tenants.forms import StaffForm

_ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": _("UTF-8 with a byte order mark"),
    "cp932": "Shift_JIS (CP932)",
    "utf-16": "UTF-16",
}
_DELIMITER_NAMES = {
    ",": _("Comma (,)"),
    "\t": _("Tab"),
    ";": _("Semicolon (;)"),
    "|": _("Vertical bar (|)"),
    UNIT: _("Cells"),
}


class ReadingForm(StaffForm):
    """The encoding and the delimiter, guessed at first."""

    encoding = forms.ChoiceField(label=_("Character encoding"))
    delimiter = forms.ChoiceField(label=_("Columns are separated by"))

    def __init__(self, *args: Any, item: CustomerImport, **kwargs: Any) -> None:
        super().__init__(*args, initial={"encoding": item.encoding, "delimiter": item.delimiter}, **kwargs)
        is_tape = item.delimiter == UNIT  # its rows are certain, only what they mean is not
        encodings = dict.fromkeys([item.encoding] if is_tape else [*ENCODINGS, item.encoding])
        delimiters = dict.fromkeys([UNIT] if is_tape else [*DELIMITERS, item.delimiter])
        self.fields["encoding"] = _choice(self.fields["encoding"], encodings, _ENCODING_NAMES)
        self.fields["delimiter"] = _choice(self.fields["delimiter"], delimiters, _DELIMITER_NAMES)


class ColumnsForm(StaffForm):
    """For each column of the file the attribute it stands for, or that it is not used."""

    def __init__(self, *args: Any, titles: Sequence[str], columns: Sequence[str | None], **kwargs: Any) -> None:
        choices = [("", _("Not used")), *((key, column_title(key)) for key in columns_in_use())]
        super().__init__(*args, **kwargs)
        for at, (title, key) in enumerate(zip(titles, columns, strict=True)):
            widget = forms.Select(attrs={"class": "select"})
            self.fields[f"column-{at}"] = forms.ChoiceField(
                label=title or str(at + 1), choices=choices, required=False, initial=key or "", widget=widget
            )

    @property
    def columns(self) -> list[str | None]:
        """As Layout.columns; of a valid form."""
        return [self.cleaned_data[name] or None for name in self.fields]

    def clean(self) -> dict[str, Any]:
        """Each attribute once, and those without which no row can be taken."""
        first: dict[str, str] = {}
        for name in self.fields:
            key = self.cleaned_data.get(name)
            if key and first.setdefault(key, name) != name:
                self.add_error(name, _("Another column is this already. Choose “Not used” for one of them."))
        if missing := [column_title(key) for key in INDISPENSABLE if key not in first]:
            words = _("No row can be taken without: %(columns)s. Say which columns these are.")
            raise forms.ValidationError(words, params={"columns": "、".join(missing)})
        return self.cleaned_data


def _choice(field: forms.Field, values: Any, names: Any) -> forms.ChoiceField:
    # No stripping: a tab is a value.
    made = _Exact(label=field.label, choices=[(value, names.get(value, value)) for value in values])
    made.widget.attrs["class"] = "select"
    return made


class _Exact(forms.ChoiceField):
    """A choice whose value may be a blank."""

    empty_values = [None, ""]
