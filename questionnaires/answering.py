"""Turns the controls of one posted page into answers, or into one error for each control to look at again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from customers.codes import COUNTRY_CODES
from questionnaires import reading
from questionnaires.controls import (
    DATE_PARTS,
    choice_control,
    control_of,
    date_control,
    file_control,
    find_control,
    is_untouched,
    person_control,
)
from questionnaires.limiting import Broken, broken_limit
from questionnaires.reading import Unreadable
from questionnaires.routing import files_in
from questionnaires.schema import Answers, Kind, NamePart, Page, Question, more_field, part_field, postal_field


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A file that was handed in: its id, of which side it is ("" where none is asked for), its kind, and its bytes."""

    id: str
    side: str
    kind: str
    size: int


Error = tuple[str, Mapping[str, object]]
Errors = dict[str, Error]
type Given = tuple[dict[str, object], Errors]
# What was handed in, by question.
type Files = Mapping[str, Sequence[HandedIn]]
type Reader = Callable[[Question, Mapping[str, str]], Given]

_NAME_LENGTH = 140
_POSITION_LENGTH = 60
_BY_CHOOSING = frozenset({Kind.RADIO, Kind.YES_NO, Kind.BAND, Kind.COUNTRY})


def validate(
    page: Page,
    data: Mapping[str, str],
    *,
    today: date,
    known: Answers | None = None,
    before: Answers | None = None,
    files: Files | None = None,
) -> tuple[dict[str, object], Errors]:
    """The page's answers and its errors by control name.

    `known` is what the file says: on a page that may be confirmed, a control left blank keeps it, and leaving
    every control blank is an error, for that is what the other button is for. `before`: the answers of other pages,
    which checks may read. `today`: the day in Japan. `files`: those handed in for questions, which no control says.
    """
    known = known or {}
    answers: dict[str, object] = {}
    errors: Errors = {}
    for question in page.questions:
        if question.kind is Kind.FILE:
            given, wrong = _read_files(question, (files or {}).get(question.id, ()))
        else:
            given, wrong = _READERS[question.kind](question, data)
        wrong |= _more(question, given, data) | _unchosen(question, given, data)
        for field in question.fields:
            answers[field] = given.get(field)
            if answers[field] is None and not wrong and field != more_field(question.id):
                answers[field] = known.get(field)
        if not wrong:
            wrong |= _missing(question, answers) or _outside(question, given, today)
        errors |= wrong
    if known and not errors and is_untouched(page, data):
        errors[control_of(page.questions[0])] = ("nothing_changed", {})
    return answers, errors or _contradictions(page, {**(before or {}), **answers})


def _unchosen(question: Question, given: Answers, data: Mapping[str, str]) -> Errors:
    """Somebody looked for one of very many choices and went on without taking any of those found."""
    is_looked_for = question.kind is Kind.RADIO and data.get(find_control(question), "").strip()
    return {question.id: ("choose_found", {})} if is_looked_for and not given.get(question.id) else {}


def read_question(question: Question, data: Mapping[str, str]) -> Given:
    """What was typed for one question, whatever the rest of the page says; of those that people type answers to."""
    return _READERS[question.kind](question, data)


def people_count(question: Question, data: Mapping[str, str]) -> int:
    """How many people the posted page has room for: the last one written about, at least one."""
    written = [
        number
        for number in range(question.limits.max_people)
        if any(data.get(person_control(question, number, field), "").strip() for field in question.person_fields)
    ]
    return max(written, default=0) + 1


def _missing(question: Question, answers: Answers) -> Errors:
    """What must be answered and is not. The words beside a choice are needed when that choice was made."""
    if not question.required:
        return {}
    needed = [field for field in question.fields if field != more_field(question.id)]
    if question.kind is Kind.NAME:
        needed = [question.id, *([part_field(question.id, NamePart.KANA)] if NamePart.KANA in question.parts else ())]
    if question.kind is Kind.FILE and question.sides:
        handed = {file["side"] for file in files_in(answers[question.id])}
        return {
            file_control(question, side): ("attach_side", {"side": side})
            for side in question.sides
            if side not in handed
        }
    return {control_of(question, field): _required(question.kind) for field in needed if answers[field] in (None, [])}


def _required(kind: Kind) -> Error:
    if kind is Kind.DECLARATION:
        return ("declare", {})
    if kind is Kind.CHECKBOXES:
        return ("too_few", {"limit": 1})
    if kind is Kind.FILE:
        return ("attach", {})
    return ("choose" if kind in _BY_CHOOSING else "required", {})


def _outside(question: Question, given: Answers, today: date) -> Errors:
    found: Broken | None = broken_limit(question, given.get(question.id), today)
    return {control_of(question, question.id): found} if found else {}


def _contradictions(page: Page, answers: Answers) -> Errors:
    """What the document says must hold between answers; what cannot be told holds. Of several, the first is told."""
    questions = {field: question for question in page.questions for field in question.fields}
    return {
        control_of(questions[check.at], check.at): ("check", {"message": check.message})
        for check in reversed(page.checks)
        if check.holds.holds(answers) is False
    }


def _more(question: Question, given: dict[str, object], data: Mapping[str, str]) -> Errors:
    """Words of one's own beside a choice, such as 「その他」; they count only where that choice was made."""
    field = question.more
    if not field:
        return {}
    chosen = given.get(question.id)
    made = chosen if isinstance(chosen, list) else [chosen]
    if not any(choice.asks_more and choice.value in made for choice in question.choices):
        return {}
    typed = data.get(field, "")
    if not typed.strip():
        return {field: ("more", {})}
    words, wrong = _read(field, lambda: reading.read_text(typed, longest=question.limits.max_length), typed)
    given |= words
    return wrong


def _one(read: Callable[[Question, str], object]) -> Reader:
    """A reader for a question with one control."""

    def reader(question: Question, data: Mapping[str, str]) -> Given:
        typed = data.get(question.id, "")
        if not typed.strip():
            return {}, {}
        return _read(question.id, lambda: read(question, typed), typed)

    return reader


def _read(field: str, read: Callable[[], object], typed: str) -> Given:
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


def _read_choices(question: Question, data: Mapping[str, str]) -> Given:
    chosen = [choice for choice in question.choices if data.get(choice_control(question, choice.value))]
    if len(chosen) > 1 and any(choice.is_exclusive for choice in chosen):
        return {}, {control_of(question): ("exclusive", {})}
    return {question.id: [choice.value for choice in chosen] or None}, {}


def _read_band(question: Question, typed: str) -> object:
    if typed not in {str(bound) for bound in question.bands}:
        raise Unreadable("choose")
    return int(typed)


def _read_country(_: Question, typed: str) -> object:
    if typed not in COUNTRY_CODES:
        raise Unreadable("choose")
    return typed


def _read_flag(_: Question, typed: str) -> bool:
    if typed not in {"yes", "no"}:
        raise Unreadable("choose")
    return typed == "yes"


def _read_tick(_: Question, typed: str) -> bool:
    """A declaration is made or not made; nobody declares the contrary by it."""
    if typed != "yes":
        raise Unreadable("declare")
    return True


def _read_information(question: Question, _: Mapping[str, str]) -> Given:
    """It was shown, and whoever read it went on."""
    return {question.id: True}, {}


def _read_files(question: Question, handed: Sequence[HandedIn]) -> Given:
    """Each was read when it came in; here they become the answer."""
    if len(handed) > question.limits.max_files:
        return {}, {control_of(question): ("too_many_files", {"limit": question.limits.max_files})}
    return {question.id: [asdict(file) for file in handed] or None}, {}


def _read_name(question: Question, data: Mapping[str, str]) -> Given:
    answers: dict[str, object] = {}
    errors: Errors = {}
    longest = question.limits.max_length
    readers: dict[NamePart, Callable[[str], object]] = {
        NamePart.FULL: lambda typed: reading.read_text(typed, longest=longest),
        NamePart.KANA: lambda typed: reading.read_kana(typed, longest=longest),
        NamePart.LATIN: lambda typed: reading.read_latin(typed, longest=longest),
    }
    for part in question.parts:
        field = part_field(question.id, part)
        if (typed := data.get(field, "")).strip():
            given, wrong = _read(field, lambda part=part, typed=typed: readers[part](typed), typed)  # type: ignore[misc]
            answers |= given
            errors |= wrong
    return answers, errors


def _read_date(question: Question, data: Mapping[str, str]) -> Given:
    """In three boxes with an era, or in one as it is said on the telephone."""
    field = control_of(question)
    if (typed := data.get(question.id, "")).strip():
        given, wrong = _read(question.id, lambda: reading.read_date(typed).isoformat(), typed)
        return given, ({field: wrong[question.id]} if wrong else {})
    era, *parts = (data.get(date_control(question, part), "") for part in DATE_PARTS)
    if not any(part.strip() for part in parts):
        return {}, {}
    for name, part in zip(DATE_PARTS[1:], parts, strict=True):
        if not part.strip():
            return {}, {date_control(question, name): ("missing_part", {"part": name})}
    try:
        return {question.id: reading.era_date(era or "western", *parts).isoformat()}, {}
    except Unreadable as error:
        at = error.code if error.code in DATE_PARTS else "year"
        return {}, {date_control(question, at): (error.code, error.params)}


def _read_address(question: Question, data: Mapping[str, str]) -> Given:
    postal = postal_field(question.id)
    code, address = data.get(postal, ""), data.get(question.id, "")
    if not code.strip() and not address.strip():
        return {}, {}
    answers: dict[str, object] = {}
    errors: Errors = {}
    for field, typed, read in (
        (postal, code, lambda: reading.read_postal_code(code)),
        (question.id, address, lambda: reading.read_text(address, longest=question.limits.max_length)),
    ):
        if not typed.strip():
            errors[field] = ("required", {})
            continue
        given, wrong = _read(field, read, typed)
        answers |= given
        errors |= wrong
    return answers, errors


def _read_people(question: Question, data: Mapping[str, str]) -> Given:
    people: list[dict[str, object]] = []
    errors: Errors = {}
    for number in range(question.limits.max_people):
        controls = {field: person_control(question, number, field) for field in question.person_fields}
        typed = {field: data.get(control, "") for field, control in controls.items()}
        if not any(value.strip() for value in typed.values()):
            continue
        person: dict[str, object] = {}
        for field, control in controls.items():
            if not typed[field].strip():
                errors[control] = ("choose" if field == "is_pep" else "required", {})
                continue
            given, wrong = _read(control, _person_reader(question, field, typed[field]), typed[field])
            errors |= wrong
            person[field] = given.get(control)
        people.append(person)
    shares = [person.get("share_percent") for person in people]
    if not errors and sum(share for share in shares if isinstance(share, int | float)) > 100:
        errors[person_control(question, 0, "share_percent")] = ("share_sum", {})
    return ({question.id: people} if people else {}), errors


def _person_reader(question: Question, field: str, typed: str) -> Callable[[], object]:
    readers: dict[str, Callable[[], object]] = {
        "name": lambda: reading.read_text(typed, longest=_NAME_LENGTH),
        "birth_on": lambda: reading.read_date(typed).isoformat(),
        "share_percent": lambda: reading.read_share(typed),
        "position": lambda: reading.read_text(typed, longest=_POSITION_LENGTH),
        "is_pep": lambda: _read_flag(question, typed),
    }
    return readers[field]


_READERS: dict[Kind, Reader] = {
    Kind.TEXT: _one(lambda question, typed: reading.read_text(typed, longest=question.limits.max_length)),
    Kind.PARAGRAPH: _one(lambda question, typed: reading.read_lines(typed, longest=question.limits.max_length)),
    Kind.NAME: _read_name,
    Kind.NUMBER: _one(lambda _, typed: reading.read_whole_number(typed)),
    Kind.AMOUNT: _one(lambda _, typed: reading.read_yen(typed)),
    Kind.DATE: _read_date,
    Kind.TEL: _one(lambda _, typed: reading.read_phone(typed)),
    Kind.EMAIL: _one(lambda _, typed: reading.read_email(typed)),
    Kind.ADDRESS: _read_address,
    Kind.RADIO: _one(_read_choice),
    Kind.CHECKBOXES: _read_choices,
    Kind.YES_NO: _one(_read_flag),
    Kind.BAND: _one(_read_band),
    Kind.COUNTRY: _one(_read_country),
    Kind.PEOPLE: _read_people,
    Kind.DECLARATION: _one(_read_tick),
    Kind.INFORMATION: _read_information,
    Kind.EKYC: _read_information,
}
