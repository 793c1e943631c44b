"""What somebody says of two customers who are to be one, and why they are to be two again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.merging.beside import attribute_label
from customers.merging.comparing import Row, Side
from tenants.forms import StaffForm

_PREFIX = "keep-"


class MergeForm(StaffForm):
    """Of everything that differs which is kept, and why the two are one."""

    reason = forms.CharField(
        label=_("Why are they one?"),
        help_text=_("Such as what you checked, and with whom. It is kept with the merge, sealed."),
        max_length=200,
        error_messages={"required": _("Say why they are one.")},
    )

    def __init__(self, rows: Sequence[Row], words: Mapping[str, tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in rows:
            survivor, merged = words[row.leader]
            self.fields[_PREFIX + row.leader] = forms.ChoiceField(
                label=attribute_label(row.leader),
                choices=[(Side.SURVIVOR, survivor), (Side.MERGED, merged)],
                initial=row.default,
                widget=forms.RadioSelect,
                error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose which of the two is kept.")),
            )
        self.order_fields([*(_PREFIX + row.leader for row in rows), "reason"])

    def choice_of(self, row: Row) -> forms.BoundField:
        """The field of a row."""
        return self[_PREFIX + row.leader]

    def taken(self) -> list[str]:
        """The leaders of what the survivor takes over; of a valid form."""
        kept = self.cleaned_data.items()
        return [name.removeprefix(_PREFIX) for name, side in kept if side == Side.MERGED and name.startswith(_PREFIX)]


class ReverseForm(StaffForm):
    """Why the two are two again."""

    reason = forms.CharField(
        label=_("Why are they two?"),
        max_length=200,
        error_messages={"required": _("Say why they are two.")},
    )
