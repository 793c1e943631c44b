"""Conditions as rows of an answer, a comparison and a value: what a form can show and make, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from questionnaires.building.parts import Document, Part, questions_of, said
from questionnaires.conditions import InvalidCondition, parse_condition
from questionnaires.schema import Kind
from questionnaires.shaping import CHOSEN, FLAGS, NUMBERS

_CHANGED = "changed:"
_NEVER_COMPARED = frozenset({Kind.PEOPLE, Kind.FILE, Kind.EKYC, Kind.INFORMATION})


class Sort(StrEnum):
    """What an answer is to conditions."""

    FLAG = "flag"
    CHANGE = "change"
    NUMBER = "number"
    CHOICE = "choice"
    SEVERAL = "several"
    TEXT = "text"


IS, IS_NOT, HAS, LACKS = "===", "!==", "has", "lacks"
COMPARED_BY: Mapping[Sort, tuple[str, ...]] = {
    Sort.FLAG: (IS,),
    Sort.CHANGE: (IS,),
    Sort.NUMBER: (IS, IS_NOT, "<", "<=", ">", ">="),
    Sort.CHOICE: (IS, IS_NOT),
    Sort.SEVERAL: (HAS, LACKS),
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


@dataclass(frozen=True, slots=True)
class Comparable:
    """An answer that a condition may read. ``values``: what is offered for it; empty where a value is typed."""

    answer: str
    name: str
    sort: Sort
    values: tuple[tuple[str, str], ...] = ()


class CannotCompare(ValueError):
    """A row that makes no condition; ``at`` is the part of it to be looked at again."""

    def __init__(self, at: str) -> None:
        super().__init__(at)
        self.at = at


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


def logic_of(joint: str, rows: Sequence[Row], comparables: Mapping[str, Comparable]) -> dict[str, Any]:
    """The condition that the rows make; at least one. Raises CannotCompare."""
    parts = [_logic(row, comparables) for row in rows]
    return parts[0] if len(parts) == 1 else {joint: parts}


def comparables_before(document: Document, page_id: str, language: str, yes: str, no: str) -> list[Comparable]:
    """What a condition on a page may read: the answers of pages before it, and what is worked out of them.

    ``page_id`` "" for all of them; a page's own answers are among those of the page after it.
    """
    found: list[Comparable] = []
    kept = []
    for page, question in questions_of(document):
        if page["id"] == page_id:
            break
        found += _of_question(question, document, language, yes, no)
        kept.append(question)
    flags = (("true", yes), ("false", no))
    for one in document.get("calculated", ()):
        sort = Sort.FLAG if "holds" in one else Sort.NUMBER
        found.append(Comparable(one["id"], one["id"], sort, flags if sort is Sort.FLAG else ()))
    for question in kept:
        if question.get("maps_to"):
            name = said(question, "label", language) or question["id"]
            found.append(Comparable(_CHANGED + question["id"], name, Sort.CHANGE, flags))
    return found


def _of_question(question: Part, document: Document, language: str, yes: str, no: str) -> Iterator[Comparable]:
    kind = question["kind"]
    if kind in _NEVER_COMPARED:
        return
    name = said(question, "label", language) or question["id"]
    if kind in FLAGS:
        yield Comparable(question["id"], name, Sort.FLAG, (("true", yes), ("false", no)))
    elif kind in CHOSEN:
        offered = document.get("choice_lists", {}).get(question.get("choices"), ())
        values = tuple((one["value"], said(one, "label", language) or one["value"]) for one in offered)
        yield Comparable(question["id"], name, Sort.SEVERAL if kind == Kind.CHECKBOXES else Sort.CHOICE, values)
    else:
        yield Comparable(question["id"], name, Sort.NUMBER if kind in NUMBERS else Sort.TEXT)


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


def _logic(row: Row, comparables: Mapping[str, Comparable]) -> dict[str, Any]:
    known = comparables.get(row.answer)
    if known is None:
        raise CannotCompare("answer")
    if row.operator not in COMPARED_BY[known.sort]:
        raise CannotCompare("operator")
    if not row.value or (known.values and row.value not in dict(known.values)):
        raise CannotCompare("value")
    variable = {"var": row.answer}
    if known.sort is Sort.SEVERAL:
        has = {"in": [row.value, variable]}
        return has if row.operator == HAS else {"!": [has]}
    return {row.operator: [variable, _literal(row, known)]}


def _literal(row: Row, known: Comparable) -> object:
    if known.sort in (Sort.FLAG, Sort.CHANGE):
        return row.value == "true"
    if known.sort is not Sort.NUMBER:
        return row.value
    try:
        return int(row.value.replace(",", ""))
    except ValueError:
        raise CannotCompare("value") from None
