"""How the controls of a question are called on the pages where it is answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from questionnaires.schema import Kind, Page, Question, more_field

DATE_PARTS = ("era", "year", "month", "day")


def person_control(question: Question, number: int, field: str) -> str:
    """Of one thing that is asked of one person."""
    return f"{question.id}-{number}-{field}"


def choice_control(question: Question, value: str) -> str:
    """Of one of several choices."""
    return f"{question.id}-{value}"


def find_control(question: Question) -> str:
    """Of the word by which one of very many choices is looked for."""
    return f"{question.id}-find"


def group_control(question: Question) -> str:
    """Of the group in which it is looked for."""
    return f"{question.id}-group"


def date_control(question: Question, part: str) -> str:
    """Of one of DATE_PARTS. A date that is written in one box has the question's own name."""
    return f"{question.id}-{part}"


def file_control(question: Question, side: str = "") -> str:
    """Of where a file is chosen, for one side where sides are asked for."""
    return f"{question.id}-{side}" if side else question.id


def camera_control(question: Question, side: str = "") -> str:
    """Of where a picture is taken on the spot."""
    return f"{file_control(question, side)}-camera"


def controls_of(question: Question) -> Iterator[str]:
    """Every control a question may have, in the order of the page."""
    if question.kind is Kind.PEOPLE:
        for number in range(question.limits.max_people):
            yield from (person_control(question, number, field) for field in question.person_fields)
        return
    if question.kind is Kind.CHECKBOXES:
        yield from (choice_control(question, choice.value) for choice in question.choices)
        yield from (field for field in question.fields if field != question.id)
        return
    if question.kind is Kind.FILE:
        yield from (file_control(question, side) for side in question.sides or ("",))
        return
    if question.kind is Kind.DATE:
        yield from (date_control(question, part) for part in DATE_PARTS)
    yield from question.fields


def control_of(question: Question, field: str = "") -> str:
    """The control that an error about a field leads to; about the whole question, its first."""
    if field == more_field(question.id):
        return field
    match question.kind:
        case Kind.PEOPLE | Kind.CHECKBOXES | Kind.FILE:
            return next(controls_of(question))
        case Kind.DATE:
            return date_control(question, "year")
        case _:
            return field or question.fields[0]


def is_untouched(page: Page, data: Mapping[str, str]) -> bool:
    """Whether every control of a page was left blank. The era of a date has always one chosen."""
    names = (name for question in page.questions for name in controls_of(question) if not name.endswith("-era"))
    return not any(data.get(name, "").strip() for name in names)
