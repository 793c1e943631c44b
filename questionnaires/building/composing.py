"""Conditions as rows of an answer, a comparison and a value: what a form can show and make, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from questionnaires.building.reaching import Comparable, Reach, Sort
from questionnaires.conditions import InvalidCondition, parse_condition

_CHANGED = "changed:"


IS, IS_NOT, HAS, LACKS = "===", "!==", "has", "lacks"
COMPARED_BY: Mapping[Sort, tuple[str, ...]] = {
    Sort.FLAG: (IS,),
    Sort.CHANGE: (IS,),
    Sort.NUMBER: (IS, IS_NOT, "<", "<=", ">", ">="),
    Sort.CHOICE: (IS, IS_NOT),
    Sort.SEVERAL: (HAS, LACKS),
    Sort.DAY: (IS, IS_NOT),
    Sort.TEXT: (IS, IS_NOT),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison as a form shows it; the value as it is typed or chosen."""

    answer: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A condition that a form can show. ``joint``: "and" or "or"."""

    joint: str
    rows: tuple[Row, ...]


class Why(StrEnum):
    """Why a row makes no condition."""

    UNKNOWN = "unknown"
    LATER = "later"
    WORKED_OUT = "worked out"
    OPERATOR = "operator"
    BLANK = "blank"
    NOT_OFFERED = "not offered"
    NUMBER = "number"
    DAY = "day"


class CannotCompare(ValueError):
    """A row that makes no condition; ``at`` is the part of it to be looked at again."""

    def __init__(self, at: str, why: Why) -> None:
        super().__init__(f"{at}: {why}")
        self.at, self.why = at, why


def rows_of(logic: object) -> Rows | None:
    """A condition as rows, or None if it is of another shape."""
    try:
        parse_condition(logic)
    except InvalidCondition:
        return None
    assert isinstance(logic, dict)
    [(operator, operands)] = logic.items()
    if operator in ("and", "or"):
        rows = [_row_of(part) for part in operands]
        return Rows(operator, tuple(filter(None, rows))) if all(rows) else None
    if operator == "in" and isinstance(operands[1], list):
        variable = operands[0]["var"]
        return Rows("or", tuple(Row(variable, IS, value) for value in operands[1]))
    row = _row_of(logic)
    return Rows("and", (row,)) if row else None


def logic_of(joint: str, rows: Sequence[Row], reach: Reach) -> dict[str, Any]:
    """The condition that the rows make; at least one. Raises CannotCompare."""
    parts = [_logic(row, reach) for row in rows]
    return parts[0] if len(parts) == 1 else {joint: parts}


def _row_of(logic: Any) -> Row | None:
    if not isinstance(logic, dict) or "and" in logic or "or" in logic:
        return None
    [(operator, operands)] = logic.items()
    is_negated = operator == "!"
    inner = operands[0] if is_negated else logic
    if is_negated and ("!" in inner or "and" in inner or "or" in inner):
        return None
    [one] = parse_condition(inner).comparisons
    if is_negated:
        return Row(one.variable, LACKS, str(one.literal)) if one.operator == HAS else None
    if one.operator == "in":
        return None
    if isinstance(one.literal, bool):
        return Row(one.variable, IS, "true" if one.literal is (one.operator == IS) else "false")
    return Row(one.variable, one.operator, str(one.literal))


def _logic(row: Row, reach: Reach) -> dict[str, Any]:
    known = reach.comparables.get(row.answer)
    if known is None:
        raise CannotCompare("answer", _why_unread(row.answer, reach))
    if row.operator not in COMPARED_BY[known.sort]:
        raise CannotCompare("operator", Why.OPERATOR)
    if not row.value:
        raise CannotCompare("value", Why.BLANK)
    if known.sort in (Sort.FLAG, Sort.CHANGE, Sort.CHOICE, Sort.SEVERAL) and row.value not in dict(known.values):
        raise CannotCompare("value", Why.NOT_OFFERED)
    variable = {"var": row.answer}
    if known.sort is Sort.SEVERAL:
        has = {"in": [row.value, variable]}
        return has if row.operator == HAS else {"!": [has]}
    return {row.operator: [variable, _literal(row, known)]}


def _why_unread(answer: str, reach: Reach) -> Why:
    bare = answer.removeprefix(_CHANGED)
    if bare in reach.later:
        return Why.LATER
    calculated = {one["id"] for one in reach.document.get("calculated", ())}
    if reach.is_check and (answer != bare or bare in calculated):
        return Why.WORKED_OUT
    return Why.LATER if bare in calculated else Why.UNKNOWN


def _literal(row: Row, known: Comparable) -> object:
    if known.sort in (Sort.FLAG, Sort.CHANGE):
        return row.value == "true"
    try:
        if known.sort is Sort.DAY:
            return date.fromisoformat(row.value).isoformat()
        return int(row.value.replace(",", "")) if known.sort is Sort.NUMBER else row.value
    except ValueError:
        raise CannotCompare("value", Why.NUMBER if known.sort is Sort.NUMBER else Why.DAY) from None
