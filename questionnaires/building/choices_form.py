"""The form of a list of choices: a row each, with words in every language, and buttons that move rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from questionnaires.building.forms import refuse_hidden
from questionnaires.building.naming import language_name, part_name
from questionnaires.building.parts import Document, Part
from tenants.forms import StaffForm

MOST_ROWS = 400
_VALUE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """One row as the page shows it."""

    number: int
    value: forms.BoundField
    labels: list[forms.BoundField]
    exclusive: forms.BoundField
    more: forms.BoundField


class ChoicesForm(StaffForm):
    """A row whose value and words are blank is left out. ``is_arranged``: rows were moved, and nothing is kept yet."""

    def __init__(self, document: Document, held: Sequence[Part], data: Any = None, *, is_taken: bool = False) -> None:
        """``is_taken``: from a list of the institution, so only what is asked beside the choices may be said here."""
        self.document, self.is_taken = document, is_taken
        self.languages: list[str] = list(document["languages"])
        count = len(held) if data is None else _count(data)
        order = list(range(count))
        step, _blank, at = (data.get("step", "") if data is not None else "").partition(" ")
        number = int(at) if at.isascii() and at.isdigit() and int(at) < count else -1
        self.is_arranged = step in ("add", "up", "down", "remove") and not is_taken
        if is_taken:
            step, count = "", len(held)
        if step == "up" and number > 0:
            order[number - 1], order[number] = order[number], order[number - 1]
        if step == "down" and -1 < number < count - 1:
            order[number + 1], order[number] = order[number], order[number + 1]
        if step == "remove" and number >= 0:
            order.remove(number)
        adds = int(step == "add" and count < MOST_ROWS)
        if self.is_arranged:
            held, data = [*(self._typed(data, one) for one in order), *[{"value": "", "label": {}}] * adds], None
        super().__init__(data)
        self.held = held
        self.count = len(held) if data is None else count
        for row in range(self.count):
            self._row(row, held[row] if row < len(held) else {})
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput):
                field.widget.attrs.setdefault("class", "input")

    @property
    def rows(self) -> list[ChoiceRow]:
        """The rows, in order."""
        return [
            ChoiceRow(
                n,
                self[f"value-{n}"],
                [self[f"label-{n}-{one}"] for one in self.languages],
                self[f"exclusive-{n}"],
                self[f"more-{n}"],
            )
            for n in range(self.count)
        ]

    def choices(self) -> list[Part]:
        """The list as it is now. Words of languages that the document does not speak now are kept by their value."""
        said = self.cleaned_data
        held = {one["value"]: one for one in self.held}
        made = []
        for n in range(self.count):
            words = {
                one: said[f"label-{n}-{one}"].strip() for one in self.languages if said[f"label-{n}-{one}"].strip()
            }
            value = said[f"value-{n}"]
            if not value and not words:
                continue
            others = {
                key: text for key, text in held.get(value, {}).get("label", {}).items() if key not in self.languages
            }
            choice: Part = {"value": value, "label": others | words or {self.document["default_language"]: ""}}
            if group := held.get(value, {}).get("group"):
                choice["group"] = group
            for key in ("exclusive", "more"):
                if said[f"{key}-{n}"]:
                    choice[key] = True
            made.append(choice)
        return made

    def clean(self) -> dict[str, Any]:
        """A choice with words needs a value; two cannot have the same."""
        cleaned: dict[str, Any] = super().clean() or {}
        seen: set[str] = set()
        for n in range(self.count):
            value = cleaned.get(f"value-{n}", "")
            has_words = any(str(cleaned.get(f"label-{n}-{one}") or "").strip() for one in self.languages)
            if has_words and not value and f"value-{n}" not in self.errors:
                self.add_error(f"value-{n}", _("Enter a value for this choice."))
            if value and value in seen:
                self.add_error(f"value-{n}", _("Another choice has this value."))
            seen.add(value)
        return cleaned

    def _row(self, n: int, choice: Part) -> None:
        self.fields[f"value-{n}"] = forms.RegexField(
            _VALUE,
            label=_("Value"),
            required=False,
            disabled=self.is_taken,
            initial=choice.get("value", ""),
            error_messages={"invalid": _("Letters, digits, hyphens and underscores; at most 40.")},
        )
        for language in self.languages:
            self.fields[f"label-{n}-{language}"] = forms.CharField(
                label=language_name(language),
                required=False,
                disabled=self.is_taken,
                max_length=2_000,
                validators=[refuse_hidden],
                initial=choice.get("label", {}).get(language, ""),
            )
        for key in ("exclusive", "more"):
            self.fields[f"{key}-{n}"] = forms.BooleanField(
                label=part_name(key), required=False, initial=bool(choice.get(key))
            )

    def _typed(self, data: Any, n: int) -> Part:
        words = {one: data.get(f"label-{n}-{one}", "") for one in self.languages}
        flags = {key: True for key in ("exclusive", "more") if data.get(f"{key}-{n}")}
        return {"value": data.get(f"value-{n}", ""), "label": words, **flags}


def _count(data: Any) -> int:
    typed = data.get("rows", "")
    return min(int(typed), MOST_ROWS) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
