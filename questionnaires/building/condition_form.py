"""The form of one condition: rows of selects, or JSONLogic where no rows can show it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from questionnaires.building.composing import (
    COMPARED_BY,
    CannotCompare,
    Comparable,
    Row,
    Rows,
    Sort,
    logic_of,
    rows_of,
)
from questionnaires.conditions import InvalidCondition, parse_condition
from tenants.forms import StaffForm

MOST_ROWS = 12


class ConditionForm(StaffForm):
    """A row without an answer counts for nothing; with no row at all there is no condition."""

    def __init__(
        self, comparables: Sequence[Comparable], logic: object = None, data: Any = None, *, more_rows: int = 0
    ) -> None:
        super().__init__(data, prefix="condition")
        self.comparables = {one.answer: one for one in comparables}
        shown = rows_of(logic) if logic is not None else Rows("and", ())
        self.is_raw = shown is None if data is None else bool(data.get("condition-is_raw"))
        self.count = self._count(shown, more_rows)
        if self.is_raw:
            written = json.dumps(logic, ensure_ascii=False, indent=1)
            look = {"rows": 8, "class": "textarea mono", "spellcheck": "false"}
            self.fields["raw"] = forms.CharField(
                label=_("Condition in JSONLogic"),
                required=False,
                max_length=20_000,
                initial=written,
                widget=forms.Textarea(attrs=look),
                help_text=_("It has a shape that rows cannot show. Leave it blank to ask the page always."),
            )
            return
        rows = shown.rows if shown else ()
        joints = [("and", _("All of these hold")), ("or", _("One of these holds"))]
        self.fields["joint"] = forms.ChoiceField(
            label=_("Asked when"), choices=joints, initial=shown.joint if shown else "and", required=False
        )
        for number in range(self.count):
            self._row(number, rows[number] if number < len(rows) else Row("", "", ""))
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "select" if isinstance(field.widget, forms.Select) else "input")

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """The controls of each row: answer, comparison, value."""
        if self.is_raw:
            return []
        return [(self[f"answer-{n}"], self[f"operator-{n}"], self[f"value-{n}"]) for n in range(self.count)]

    def clean(self) -> dict[str, Any]:
        """The condition under "logic", None for none; what is wrong stands at its control."""
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["logic"] = self._raw(cleaned) if self.is_raw else self._made(cleaned)
        return cleaned

    def _count(self, shown: Rows | None, more_rows: int) -> int:
        typed = self.data.get("condition-rows", "") if self.is_bound else ""
        held = int(typed) if typed.isascii() and typed.isdigit() else len(shown.rows) if shown else 0
        return min(MOST_ROWS, max(1, held) + more_rows)

    def _row(self, number: int, row: Row) -> None:
        answers: list[Any] = [("", _("— nothing —"))]
        plain = [(one.answer, one.name) for one in self.comparables.values() if one.sort is not Sort.CHANGE]
        changes = [(one.answer, one.name) for one in self.comparables.values() if one.sort is Sort.CHANGE]
        answers += [(_("Answers"), plain)] if plain else []
        answers += [(_("Whether it differs from the file"), changes)] if changes else []
        chosen = self.data.get(f"condition-answer-{number}", "") if self.is_bound else row.answer
        known = self.comparables.get(chosen)
        words = _operators()
        offered = COMPARED_BY[known.sort] if known else tuple(words)
        self.fields[f"answer-{number}"] = _select(_("Answer"), answers, row.answer)
        self.fields[f"operator-{number}"] = _select(
            _("Comparison"), [(one, words[one]) for one in offered], row.operator
        )
        if known and known.values:
            values = [("", _("— choose —")), *known.values]
            self.fields[f"value-{number}"] = _select(_("Value"), values, row.value)
        else:
            self.fields[f"value-{number}"] = forms.CharField(
                label=_("Value"), required=False, max_length=200, initial=row.value, widget=forms.TextInput()
            )

    def _made(self, cleaned: dict[str, Any]) -> dict[str, Any] | None:
        rows = []
        for number in range(self.count):
            given = [str(cleaned.get(f"{part}-{number}") or "").strip() for part in ("answer", "operator", "value")]
            row = Row(*given)
            if not row.answer:
                continue
            try:
                logic_of("and", [row], self.comparables)
            except CannotCompare as error:
                self.add_error(f"{error.at}-{number}", _says(error.at))
            rows.append(row)
        if not rows or self.errors:
            return None
        return logic_of(cleaned.get("joint") or "and", rows, self.comparables)

    def _raw(self, cleaned: dict[str, Any]) -> dict[str, Any] | None:
        written = cleaned.get("raw", "").strip()
        if not written:
            return None
        try:
            logic: dict[str, Any] = json.loads(written)
            parse_condition(logic)
        except (ValueError, RecursionError, InvalidCondition) as error:
            self.add_error("raw", _("This is no condition: %(why)s") % {"why": error})
            return None
        return logic


def _operators() -> dict[str, str]:
    return {
        "===": _("is"),
        "!==": _("is not"),
        "<": _("is less than"),
        "<=": _("is at most"),
        ">": _("is more than"),
        ">=": _("is at least"),
        "has": _("includes"),
        "lacks": _("does not include"),
    }


def _says(at: str) -> str:
    return {
        "answer": _("No page before this one asks for it."),
        "operator": _("This answer cannot be compared so."),
        "value": _("Choose or enter a value that this answer can have."),
    }[at]


def _select(label: str, choices: Any, initial: str) -> forms.CharField:
    """A list whose value is judged with its row, not alone: the row may have got another answer meanwhile."""
    return forms.CharField(
        label=label, required=False, max_length=200, initial=initial, widget=forms.Select(choices=choices)
    )
