"""Rows that no answer can ever make true: each by itself, or together with those above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from questionnaires.building.composing import Row, logic_of
from questionnaires.building.parts import Document, Part, question_of
from questionnaires.building.reaching import Reach, Sort
from questionnaires.building.ways import answers_to
from questionnaires.conditions import evaluate_plainly, parse_condition
from questionnaires.schema import Choice, Kind, Limits, Question, Text


def impossible_rows(joint: str, rows: Sequence[Row], reach: Reach) -> list[int]:
    """The numbers of rows that can never hold; with "and", those that cannot together with the rows above them.

    The rows make a condition. Of texts and calculated values only what contradicts itself is found.
    """
    found: list[int] = []
    for number, row in enumerate(rows):
        earlier = [one for at, one in enumerate(rows[:number]) if one.answer == row.answer and at not in found]
        if not _can_hold([*(earlier if joint == "and" else ()), row], reach):
            found.append(number)
    return found


def _can_hold(rows: Sequence[Row], reach: Reach) -> bool:
    """Of rows about one answer: whether some answer makes all of them true."""
    name = rows[0].answer
    logics = [logic_of("and", [row], reach) for row in rows]
    literals = [one.literal for logic in logics for one in parse_condition(logic).comparisons]
    values = _values(name, literals, reach)
    return values is None or any(all(evaluate_plainly(logic, {name: value}) for logic in logics) for value in values)


def _values(name: str, literals: Sequence[Any], reach: Reach) -> list[object] | None:
    """One answer of each sort that the literals tell apart; None where they are endless."""
    sort = reach.comparables[name].sort
    question = question_of(reach.document, name)
    if question is not None and sort is not Sort.TEXT:
        return answers_to(_shaped(question, reach.document), literals)
    if sort in (Sort.FLAG, Sort.CHANGE):
        return [True, False]
    if sort is Sort.NUMBER:
        return [*sorted({int(one) + step for one in literals for step in (-1, 0, 1)})]
    return [*literals, ""]


def _shaped(question: Part, document: Document) -> Question:
    """The question as far as its answers depend on it; the rest of the document may still be wrong."""
    offered = document.get("choice_lists", {}).get(question.get("choices"), ())
    limits: Mapping[str, Any] = question.get("constraints", {})
    return Question(
        id=question["id"],
        kind=Kind(question["kind"]),
        label=Text(),
        hint=Text(),
        required=True,
        facts={},
        choices=tuple(Choice(one["value"], Text(), bool(one.get("exclusive"))) for one in offered),
        bands=tuple(question.get("bands", ())),
        limits=Limits(**limits),
    )
