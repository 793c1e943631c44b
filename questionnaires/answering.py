"""Turns the controls of one posted page into answers, or into one error for each control to look at again."""

from collections.abc import Callable, Mapping

from questionnaires import reading
from questionnaires.reading import Unreadable
from questionnaires.schema import POSTAL_CODE, Kind, Page, Question

Error = tuple[str, Mapping[str, object]]
Errors = dict[str, Error]
Reader = Callable[[Question, Mapping[str, str]], tuple[dict[str, object], Errors]]

PERSON_FIELDS = ("name", "birth_on", "share_percent", "is_pep")
_NAME_LENGTH = 140


def validate(
    page: Page, data: Mapping[str, str], *, known: Mapping[str, object] | None = None
) -> tuple[dict[str, object], Errors]:
    """The page's answers and its errors by control name.

    `known` is what the file says: on a page that may be confirmed, a control left blank keeps it, and leaving
    every control blank is an error, for that is what the other button is for.
    """
    known = known or {}
    answers: dict[str, object] = {}
    errors: Errors = {}
    for question in page.questions:
        given, wrong = _READERS[question.kind](question, data)
        errors |= wrong
        for field in question.fields:
            answers[field] = given.get(field)
            if answers[field] is None and field not in wrong:
                answers[field] = known.get(field)
        if question.required and not wrong:
            errors |= _missing(question, answers)
    if known and not errors and not any(data.get(name, "").strip() for name in _controls(page, data)):
        errors[control_of(page.questions[0])] = ("nothing_changed", {})
    return answers, errors


def people_count(question: Question, data: Mapping[str, str]) -> int:
    """How many people the posted page has room for: the last one written about, at least one."""
    written = [
        number
        for number in range(question.max_people)
        if any(data.get(person_control(question, number, field), "").strip() for field in PERSON_FIELDS)
    ]
    return max(written, default=0) + 1


def person_control(question: Question, number: int, field: str) -> str:
    return f"{question.id}-{number}-{field}"


def control_of(question: Question) -> str:
    """The first control of a question: where an error about the whole question sends the reader."""
    if question.kind is Kind.PEOPLE:
        return person_control(question, 0, "name")
    return question.fields[0]


def _controls(page: Page, data: Mapping[str, str]) -> list[str]:
    names = [field for field in page.fields if field in data]
    people = [question.id for question in page.questions if question.kind is Kind.PEOPLE]
    return names + [name for name in data if any(name.startswith(f"{prefix}-") for prefix in people)]


def _missing(question: Question, answers: Mapping[str, object]) -> Errors:
    return {
        control_of(question) if question.kind is Kind.PEOPLE else field: _required(question.kind)
        for field in question.fields
        if answers[field] in (None, [])
    }


def _required(kind: Kind) -> Error:
    return ("choose" if kind in {Kind.RADIO, Kind.YES_NO} else "required", {})


def _one(read: Callable[[Question, str], object]) -> Reader:
    """A reader for a question with one control."""

    def reader(question: Question, data: Mapping[str, str]) -> tuple[dict[str, object], Errors]:
        typed = data.get(question.id, "")
        if not typed.strip():
            return {}, {}
        return _read(question.id, lambda: read(question, typed), typed)

    return reader


def _read(field: str, read: Callable[[], object], typed: str) -> tuple[dict[str, object], Errors]:
    if len(typed) > reading.LONGEST_INPUT:
        return {}, {field: ("too_long", {"limit": reading.LONGEST_INPUT})}
    try:
        return {field: read()}, {}
    except Unreadable as error:
        return {}, {field: (error.code, error.params)}


def _read_choice(question: Question, typed: str) -> object:
    if typed not in {choice.value for choice in question.choices}:
        raise Unreadable("choose")
    return typed


def _read_yes_no(_: Question, typed: str) -> object:
    if typed not in {"yes", "no"}:
        raise Unreadable("choose")
    return typed == "yes"


def _read_address(question: Question, data: Mapping[str, str]) -> tuple[dict[str, object], Errors]:
    code, address = data.get(POSTAL_CODE, ""), data.get(question.id, "")
    if not code.strip() and not address.strip():
        return {}, {}
    answers: dict[str, object] = {}
    errors: Errors = {}
    for field, typed, read in (
        (POSTAL_CODE, code, lambda: reading.read_postal_code(code)),
        (question.id, address, lambda: reading.read_text(address, longest=question.max_length)),
    ):
        if not typed.strip():
            errors[field] = ("required", {})
            continue
        given, wrong = _read(field, read, typed)
        answers |= given
        errors |= wrong
    return answers, errors


def _read_people(question: Question, data: Mapping[str, str]) -> tuple[dict[str, object], Errors]:
    people: list[dict[str, object]] = []
    errors: Errors = {}
    for number in range(question.max_people):
        controls = {field: person_control(question, number, field) for field in PERSON_FIELDS}
        typed = {field: data.get(control, "") for field, control in controls.items()}
        if not any(value.strip() for value in typed.values()):
            continue
        person: dict[str, object] = {}
        for field, control in controls.items():
            if not typed[field].strip():
                errors[control] = ("choose" if field == "is_pep" else "required", {})
                continue
            given, wrong = _read(control, _person_reader(field, typed[field]), typed[field])
            errors |= wrong
            person[field] = given.get(control)
        people.append(person)
    shares = [person.get("share_percent") for person in people]
    if not errors and sum(share for share in shares if isinstance(share, int | float)) > 100:
        errors[person_control(question, 0, "share_percent")] = ("share_sum", {})
    return ({question.id: people} if people else {}), errors


def _person_reader(field: str, typed: str) -> Callable[[], object]:
    readers: dict[str, Callable[[], object]] = {
        "name": lambda: reading.read_text(typed, longest=_NAME_LENGTH),
        "birth_on": lambda: reading.read_date(typed).isoformat(),
        "share_percent": lambda: reading.read_share(typed),
    }
    return readers.get(field, lambda: _read_flag(typed))


def _read_flag(typed: str) -> bool:
    if typed not in {"yes", "no"}:
        raise Unreadable("choose")
    return typed == "yes"


_READERS: dict[Kind, Reader] = {
    Kind.RADIO: _one(_read_choice),
    Kind.YES_NO: _one(_read_yes_no),
    Kind.TEXT: _one(lambda question, typed: reading.read_text(typed, longest=question.max_length)),
    Kind.TEL: _one(lambda _, typed: reading.read_phone(typed)),
    Kind.EMAIL: _one(lambda _, typed: reading.read_email(typed)),
    Kind.DATE: _one(lambda _, typed: reading.read_date(typed).isoformat()),
    Kind.ADDRESS: _read_address,
    Kind.PEOPLE: _read_people,
}
