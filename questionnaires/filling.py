"""Answers back in the controls they came from, for whoever wants to change what they have just typed."""

from __future__ import annotations

from datetime import date

from questionnaires.controls import choice_control, date_control, person_control
from questionnaires.persons import people_in
from questionnaires.reading import era_of
from questionnaires.schema import Answers, Kind, Page, Question


def controls_filled(page: Page, answers: Answers, *, known: Answers) -> dict[str, str]:
    """The controls of a page with its answers; without what the file says as well."""
    data: dict[str, str] = {}
    for question in page.questions:
        for name in question.fields:
            if (answer := answers.get(name)) is not None and answer != known.get(name):
                data |= _controls(question, name, answer)
    return data


def _controls(question: Question, name: str, answer: object) -> dict[str, str]:
    if name != question.id:
        return {name: _text(answer)}
    match question.kind:
        case Kind.FILE:
            return {}  # what was handed in stands beside its controls, not in them
        case Kind.PEOPLE:
            return {
                person_control(question, number, part): _text(value)
                for number, person in enumerate(people_in(answer))
                for part, value in person.items()
            }
        case Kind.CHECKBOXES if isinstance(answer, list):
            return {choice_control(question, str(value)): "yes" for value in answer}
        case Kind.DATE:
            return _date(question, date.fromisoformat(str(answer)))
        case _:
            return {name: _text(answer)}


def _date(question: Question, day: date) -> dict[str, str]:
    """In the era that it was in, as most people count their years."""
    found = era_of(day)
    era, year = (found[0].name, found[1]) if found else ("western", day.year)
    parts = {"era": era, "year": str(year), "month": str(day.month), "day": str(day.day)}
    return {date_control(question, part): value for part, value in parts.items()}


def _text(answer: object) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else str(answer)
