"""What every staff form looks like."""

from __future__ import annotations

from typing import Any

from django import forms


def dress(form: forms.BaseForm) -> None:
    """Give each control the class of its component; the server checks, and answers in sentences."""
    form.use_required_attribute = False
    for field in form.fields.values():
        widget = field.widget
        if isinstance(widget, forms.Textarea):
            widget.attrs.setdefault("class", "textarea")
        elif isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.CheckboxInput):
            continue
        elif isinstance(widget, forms.Select):
            widget.attrs.setdefault("class", "select")
        else:
            widget.attrs.setdefault("class", "input")


class StaffForm(forms.Form):
    """A form in the staff pages' clothes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


class DateInput(forms.DateInput):
    """The browser's own date control, which speaks ISO 8601 whatever the language."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)
