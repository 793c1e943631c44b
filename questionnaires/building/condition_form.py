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
    Row,
    Rows,
    Why,
    logic_of,
    rows_of,
)
from questionnaires.building.contradicting import impossible_rows
from questionnaires.building.reaching import Comparable, Reach, Sort
from questionnaires.building.renaming import reads_of
from questionnaires.conditions import InvalidCondition, parse_condition
from tenants.forms import StaffForm

MOST_ROWS = 12
_CHANGED = "changed:"
_PARTS = ("answer", "operator", "value")
_MEANT = {"===": "has", "!==": "lacks"}


class ConditionForm(StaffForm):
    """A row without an answer counts for nothing; with no row at all there is no condition.

    What the draft holds already is judged too, so that a row that went wrong meanwhile says so at once.
    """

    def __init__(
        self, reach: Reach, logic: object = None, data: Any = None, *, more_rows: int = 0, joint: str = ""
    ) -> None:
        """``joint``: what the choice between all and one of the rows is called."""
        shown = rows_of(logic) if logic is not None else Rows("and", ())
        if data is None and shown and shown.rows:
            data = _as_typed(shown)
        super().__init__(data, prefix="condition")
        self.reach = reach
        self.is_raw = shown is None if data is None else bool(data.get("condition-is_raw"))
        self.count = self._count(more_rows)
        if self.is_raw:
            written = json.dumps(logic, ensure_ascii=False, indent=1)
            look = {"rows": 8, "class": "textarea mono", "spellcheck": "false"}
            self.fields["raw"] = forms.CharField(
                label=_("Condition in JSONLogic"),
                required=False,
                max_length=20_000,
                initial=written,
                widget=forms.Textarea(attrs=look),
                help_text=_("It has a shape that rows cannot show. Leave it blank for no condition."),
            )
            return
        joints = [("and", _("All of these hold")), ("or", _("One of these holds"))]
        self.fields["joint"] = forms.ChoiceField(label=joint, choices=joints, initial="and", required=False)
        for number in range(self.count):
            self._row(number)
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

    def _count(self, more_rows: int) -> int:
        typed = self.data.get("condition-rows", "") if self.is_bound else ""
        held = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 0
        return min(MOST_ROWS, max(1, held) + more_rows)

    def _row(self, number: int) -> None:
        """The controls of a row. What stands in it is offered even where it will not do, so that it is not lost."""
        answer, operator, value = (self.data.get(f"condition-{one}-{number}", "") for one in _PARTS)
        known = self.reach.comparables.get(answer)
        words = _operators()
        offered = [(one, words[one]) for one in (COMPARED_BY[known.sort] if known else words)]
        self.fields[f"answer-{number}"] = _select(_("Answer"), self._answers(answer))
        self.fields[f"operator-{number}"] = _select(
            _("Comparison"), offered if operator in _MEANT else _with(offered, operator, words)
        )
        if known and known.values:
            values = [("", _("— choose —")), *_with(known.values, value)]
            self.fields[f"value-{number}"] = _select(_("Value"), values)
        else:
            look = {"placeholder": "2026-04-01"} if known and known.sort is Sort.DAY else {}
            self.fields[f"value-{number}"] = forms.CharField(
                label=_("Value"), required=False, max_length=200, widget=forms.TextInput(attrs=look)
            )

    def _answers(self, typed: str) -> list[Any]:
        known = self.reach.comparables
        plain = [(one.answer, _short(one)) for one in known.values() if one.sort is not Sort.CHANGE]
        changes = [(one.answer, _short(one)) for one in known.values() if one.sort is Sort.CHANGE]
        answers: list[Any] = [("", _("— nothing —"))]
        if typed and typed not in known:
            answers.append((typed, _("%(name)s (cannot be read here)") % {"name": typed}))
        answers += [(_("Answers"), plain)] if plain else []
        return answers + ([(_("Whether it differs from the file"), changes)] if changes else [])

    def _made(self, cleaned: dict[str, Any]) -> dict[str, Any] | None:
        rows: list[Row] = []
        numbers: list[int] = []
        for number in range(self.count):
            row = self._given(cleaned, number)
            if not row.answer:
                continue
            try:
                logic_of("and", [row], self.reach)
            except CannotCompare as error:
                self.add_error(f"{error.at}-{number}", self._says(error.why, row))
            rows.append(row)
            numbers.append(number)
        if not rows or self.errors:
            return None
        joint = cleaned.get("joint") or "and"
        for at in impossible_rows(joint, rows, self.reach):
            others = joint == "and" and any(one.answer == rows[at].answer for one in rows[:at])
            self.add_error(f"value-{numbers[at]}", _never(is_together=others))
        return None if self.errors else logic_of(joint, rows, self.reach)

    def _given(self, cleaned: dict[str, Any], number: int) -> Row:
        """The row; "is" of an answer of several means that it is among them."""
        answer, operator, value = (str(cleaned.get(f"{part}-{number}") or "").strip() for part in _PARTS)
        known = self.reach.comparables.get(answer)
        is_several = known is not None and known.sort is Sort.SEVERAL
        return Row(answer, _MEANT.get(operator, operator) if is_several else operator, value)

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
        known = self.reach.comparables.keys()
        changes = set() if self.reach.is_check else {_CHANGED + name for name in known}
        if strange := sorted(reads_of(logic) - known - changes):
            said = _("It reads %(names)s, which nothing before it asks.")
            self.add_error("raw", said % {"names": ", ".join(strange)})
        return logic

    def _says(self, why: Why, row: Row) -> str:
        """What is wrong, and what to do about it."""
        bare = row.answer.removeprefix(_CHANGED)
        if why is Why.LATER and (place := self.reach.later.get(bare)):
            said = _(
                "“%(name)s” is asked on the page “%(place)s”, too late for this. Move that page up, or choose another."
            )
            return said % {"name": bare, "place": place}
        if why is Why.NOT_OFFERED:
            return _("“%(value)s” is none of its answers any more. Choose another.") % {"value": row.value}
        return {
            Why.UNKNOWN: _("No page before this one asks for it. Choose another answer."),
            Why.LATER: _("It is worked out of answers that come later. Choose another answer."),
            Why.WORKED_OUT: _("A check compares what was answered, nothing that is worked out of it."),
            Why.OPERATOR: _("This answer cannot be compared so."),
            Why.BLANK: _("Choose or enter a value that this answer can have."),
            Why.NUMBER: _("Enter a whole number."),
            Why.DAY: _("Enter a day such as 2026-04-01."),
        }[why]


def _as_typed(shown: Rows) -> dict[str, str]:
    """The rows of a condition as a form would send them."""
    typed = {"condition-joint": shown.joint, "condition-rows": str(len(shown.rows))}
    for number, row in enumerate(shown.rows):
        for part in _PARTS:
            typed[f"condition-{part}-{number}"] = getattr(row, part)
    return typed


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


def _never(*, is_together: bool) -> str:
    if is_together:
        return _("Together with the rows above, this can never hold. Change one of them.")
    return _("No answer to this question makes it hold. Look at its limits and choices.")


def _with(offered: Sequence[tuple[str, str]], typed: str, words: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """What is offered, and first what was chosen though it is not."""
    if not typed or typed in dict(offered):
        return list(offered)
    name = (words or {}).get(typed, typed)
    return [(typed, _("%(name)s (not possible here)") % {"name": name}), *offered]


def _short(one: Comparable) -> str:
    """Its name, as long as a list can show it."""
    return one.name if len(one.name) <= 60 else f"{one.name[:59]}…"


def _select(label: str, choices: Any) -> forms.CharField:
    """A list whose value is judged with its row, not alone: the row may have got another answer meanwhile."""
    return forms.CharField(label=label, required=False, max_length=200, widget=forms.Select(choices=choices))
