"""A fixed-length layout as a form: one line for each column of ours, and where its value stands in a record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.facts.catalogue import COLUMNS, INDISPENSABLE
from customers.formats.fixed import KINDS, FixedTable, TableInvalid, table_from
from customers.wording import column_title, table_problem
from tenants.forms import StaffForm

TOTALS = 3
# Each choice is what a value is filled up with, and on which side.
FILLINGS: Mapping[str, tuple[str, str]] = {
    "spaces": (" ", "right"),
    "wide": ("　", "right"),
    "zeros": ("0", "left"),
    "left": (" ", "left"),
    "kept": ("", "right"),
}
_FILLED = {
    "spaces": _("Spaces behind"),
    "wide": _("Full-width spaces behind"),
    "zeros": _("Zeros in front"),
    "left": _("Spaces in front"),
    "kept": _("Nothing: as it stands"),
}
_ENCODINGS = {"cp932": "Shift_JIS (CP932)", "utf-8": "UTF-8"}
_NEWLINES = {"crlf": _("CR LF"), "lf": _("LF"), "none": _("None: record follows record")}
_KIND_NAMES = {
    "header": _("Sign of the header record"),
    "data": _("Sign of a customer's record"),
    "trailer": _("Sign of the trailer record"),
    "end": _("Sign of the end record"),
}
_BETWEEN = re.compile("[,，、]")


class _Number(forms.IntegerField):
    def __init__(self) -> None:
        super().__init__(required=False, min_value=1, max_value=99_999)
        self.widget.attrs["class"] = "input input--number input--short"


class _Text(forms.CharField):
    def __init__(self, *, max_length: int) -> None:
        super().__init__(required=False, max_length=max_length)


@dataclass(frozen=True, slots=True)
class Line:
    """The fields of one column of ours."""

    title: str
    is_needed: bool
    first: forms.BoundField
    length: forms.BoundField
    filling: forms.BoundField
    codes: forms.BoundField
    constant: forms.BoundField

    @property
    def errors(self) -> list[Any]:
        """Of all its fields."""
        fields = (self.first, self.length, self.filling, self.codes, self.constant)
        return [error for field in fields for error in field.errors]


class LayoutForm(StaffForm):
    """What the bank's own table of the file says."""

    name = forms.CharField(
        label=_("Name of the layout"),
        max_length=60,
        help_text=_("By which it is chosen at the upload, such as “CIF monthly”."),
    )
    encoding = forms.ChoiceField(label=_("Character encoding"), choices=list(_ENCODINGS.items()))
    length = forms.IntegerField(label=_("Bytes in a record"), min_value=1, help_text=_("Without the line end."))
    newline = forms.ChoiceField(label=_("Line end"), choices=list(_NEWLINES.items()))

    def __init__(self, *args: Any, document: Mapping[str, Any] | None = None, name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, initial={"name": name, **(_initial(document) if document else {})}, **kwargs)
        for key in COLUMNS:
            title = column_title(key)
            self._add(f"{key}-first", _("%(column)s: first byte"), title, _Number())
            self._add(f"{key}-length", _("%(column)s: bytes"), title, _Number())
            filling = forms.ChoiceField(choices=list(_FILLED.items()), required=False, widget=forms.Select)
            self._add(f"{key}-filling", _("%(column)s: filled up with"), title, filling)
            self._add(f"{key}-codes", _("%(column)s: codes"), title, _Text(max_length=400))
            self._add(f"{key}-constant", _("%(column)s: always"), title, _Text(max_length=60))
        self._add("record-first", _("Kind of record: first byte"), "", _Number())
        self._add("record-length", _("Kind of record: bytes"), "", _Number())
        for kind in KINDS:
            self._add(f"record-{kind}", _KIND_NAMES[kind], "", _Text(max_length=8))
        for at in range(TOTALS):
            number = str(at + 1)
            self._add(f"total-{at}-first", _("Total %(column)s: first byte in the trailer"), number, _Number())
            self._add(f"total-{at}-length", _("Total %(column)s: bytes"), number, _Number())
            self._add(f"total-{at}-of-first", _("Total %(column)s: sum of what begins at byte"), number, _Number())
            self._add(f"total-{at}-of-length", _("Total %(column)s: bytes of what is summed"), number, _Number())
        self.table: FixedTable | None = None

    def _add(self, name: str, label: Any, title: str, field: forms.Field) -> None:
        field.label = label % {"column": title}
        field.widget.attrs.setdefault("class", "select" if isinstance(field, forms.ChoiceField) else "input")
        field.widget.attrs["aria-label"] = str(field.label)
        self.fields[name] = field

    def lines(self) -> Iterator[Line]:
        """One for each column of ours."""
        for key in COLUMNS:
            parts = [self[f"{key}-{part}"] for part in ("first", "length", "filling", "codes", "constant")]
            yield Line(column_title(key), key in INDISPENSABLE, *parts)

    def kinds(self) -> list[forms.BoundField]:
        """Where the kind of a record stands, and the signs of the kinds."""
        return [self[f"record-{part}"] for part in ("first", "length", *KINDS)]

    @property
    def has_kinds(self) -> bool:
        """Whether anything is said about other records than customers'."""
        return any(field.value() for field in self.kinds())

    def totals(self) -> list[list[forms.BoundField]]:
        """Four fields of each total."""
        parts = ("first", "length", "of-first", "of-length")
        return [[self[f"total-{at}-{part}"] for part in parts] for at in range(TOTALS)]

    def clean(self) -> dict[str, Any]:
        """A table by which files can be read."""
        if self.errors:
            return self.cleaned_data
        document = self._document()
        if self.errors:
            return self.cleaned_data
        try:
            self.table = table_from(document)
        except TableInvalid as invalid:
            raise forms.ValidationError(table_problem(invalid.code, invalid.params)) from invalid
        return self.cleaned_data

    def _document(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {
            "encoding": said["encoding"],
            "length": said["length"],
            "newline": said["newline"],
            "kind_at": self._place("record-first", "record-length"),
            "kinds": {kind: said[f"record-{kind}"] for kind in KINDS if said[f"record-{kind}"]},
            "fields": [field for key in COLUMNS if (field := self._field(key))],
            "constants": {key: said[f"{key}-constant"] for key in COLUMNS if said[f"{key}-constant"]},
            "totals": [total for number in range(TOTALS) if (total := self._total(f"total-{number}"))],
        }

    def _field(self, key: str) -> dict[str, Any] | None:
        place = self._place(f"{key}-first", f"{key}-length")
        if place is None:
            return None
        padding, side = FILLINGS[self.cleaned_data[f"{key}-filling"] or "spaces"]
        return {"column": key, "at": place, "padding": padding, "side": side, "values": self._codes(f"{key}-codes")}

    def _codes(self, name: str) -> dict[str, str]:
        """What the host's codes mean, from "1=個人、2=法人"."""
        said = [
            part.replace("＝", "=").partition("=") for part in _BETWEEN.split(self.cleaned_data[name]) if part.strip()
        ]
        if not all(sign and code.strip() for code, sign, _value in said):
            self.add_error(name, _("Write codes as 1=個人、2=法人."))
        return {code.strip(): value.strip() for code, _sign, value in said}

    def _total(self, name: str) -> dict[str, Any] | None:
        place = self._place(f"{name}-first", f"{name}-length")
        return {"at": place, "of": self._place(f"{name}-of-first", f"{name}-of-length")} if place else None

    def _place(self, first: str, length: str) -> list[int] | None:
        at, size = self.cleaned_data[first], self.cleaned_data[length]
        if at is None and size is None:
            return None
        if at is None or size is None:
            self.add_error(
                first if at is None else length, _("Both the first byte and the number of bytes are needed.")
            )
            raise forms.ValidationError(_("A place in the record is named by its first byte and its number of bytes."))
        return [at, size]


class SampleForm(StaffForm):
    """A file to try a layout with."""

    sample = forms.FileField(
        label=_("File to try"),
        help_text=_("The first records are shown as the layout cuts them. The file is not kept."),
        required=False,
    )


def _initial(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form as a kept layout fills them."""
    initial: dict[str, Any] = {key: document[key] for key in ("encoding", "length", "newline")}
    sides = {filling: name for name, filling in FILLINGS.items()}
    for each in document["fields"]:
        key = each["column"]
        initial[f"{key}-first"], initial[f"{key}-length"] = each["at"]
        initial[f"{key}-filling"] = sides.get((each["padding"], each["side"]), "spaces")
        initial[f"{key}-codes"] = "、".join(f"{code}={value}" for code, value in each["values"].items())
    initial |= {f"{key}-constant": value for key, value in document["constants"].items()}
    if document["kind_at"]:
        initial["record-first"], initial["record-length"] = document["kind_at"]
    initial |= {f"record-{kind}": sign for kind, sign in document["kinds"].items()}
    for at, total in enumerate(document["totals"][:TOTALS]):
        initial[f"total-{at}-first"], initial[f"total-{at}-length"] = total["at"]
        if total["of"]:
            initial[f"total-{at}-of-first"], initial[f"total-{at}-of-length"] = total["of"]
    return initial
