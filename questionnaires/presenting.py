"""Turns questions, answers and facts into what the templates of the answering pages show."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from django.utils.translation import gettext as _

from questionnaires.addressing import doubt_about, places_named
from questionnaires.answering import Errors, people_count, person_control
from questionnaires.formatting import date_in_both_calendars
from questionnaires.masking import (
    Masked,
    mask_address,
    mask_email,
    mask_name,
    mask_phone,
    mask_postal_code,
    plain,
)
from questionnaires.messages import sentence
from questionnaires.schema import POSTAL_CODE, Kind, Page, Question
from questionnaires.sittings import Sitting

# A list longer than this is a drop-down: nobody reads seventy countries in rows.
LONGEST_RADIO_LIST = 15


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Control:
    """One control: what is in it, and what is wrong with it."""

    name: str
    label: str
    value: str = ""
    error: str = ""
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    name: Control
    birth_on: Control
    share_percent: Control
    is_pep: Control


@dataclass(frozen=True, slots=True)
class Field:
    """One question as its template shows it."""

    template: str
    control: Control
    hint: str
    is_required: bool
    autocomplete: str
    max_length: int
    is_held: bool  # the file answers it: left blank it stays as it is
    postal_code: Control | None = None
    places: str = ""  # what the postal code stands for, when that was asked
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a record or of the list to check before sending."""

    label: str
    values: tuple[Masked, ...]
    page_id: str = ""
    tag: str = ""
    doubt: str = ""


@dataclass(slots=True)
class Writer:
    """Words of one questionnaire in one language."""

    visit: Sitting
    language: str
    errors: Errors = field(default_factory=dict)
    names_places: bool = False

    def fields(self, page: Page, data: Mapping[str, str], *, extra_people: int = 0) -> list[Field]:
        """The page's questions, with `data` in their controls."""
        held = self.visit.held(page)
        return [
            self._field(question, data, all(name in held for name in question.fields), extra_people)
            for question in page.questions
        ]

    def error_list(self, page: Page) -> list[tuple[str, str]]:
        """Every error with the control it leads to, in the order of the page."""
        labels = self._labels(page)
        ordered = sorted(self.errors, key=lambda name: list(labels).index(name))
        return [(name, sentence(self.errors[name], labels[name])) for name in ordered]

    def record(self, page: Page) -> list[Row]:
        """What the file says, masked; what it does not say is left out of a page that asks for it."""
        known = self.visit.held(page)
        is_whole = bool(self.visit.known(page))
        rows = []
        for question in page.questions:
            if not is_whole and not any(name in known for name in question.fields):
                continue
            values = tuple(self._masked(question, name, known[name]) for name in question.fields if name in known)
            if question.kind is Kind.PEOPLE:
                values = tuple(_masked_owner(owner) for owner in _people(known.get(question.id)))
            rows.append(Row(question.label[self.language], values))
        return rows

    def answers(self, page: Page) -> list[Row]:
        """What was answered on a page, for checking before it is sent."""
        response = self.visit.response
        labels = [question.label[self.language] for question in page.questions]
        if page.id in response.confirmed_pages:
            return [Row(_("; ").join(labels), (), page.id, _("Still the same"))]
        if page.id not in self.visit.typed:
            return [Row(_("; ").join(labels), (), page.id, _("Already answered"))]
        held = self.visit.held(page)
        return [self._answer(page, question, held) for question in page.questions]

    def typed(self, page: Page) -> dict[str, str]:
        """The controls as they were filled in earlier in this visit; empty for what only the file knows."""
        if page.id not in self.visit.typed:
            return {}
        known = self.visit.held(page)
        answers = self.visit.response.answers
        data: dict[str, str] = {}
        for question in page.questions:
            for name in question.fields:
                if answers.get(name) is not None and answers[name] != known.get(name):
                    data |= _controls(question, name, answers[name])
        return data

    def _field(self, question: Question, data: Mapping[str, str], is_held: bool, extra_people: int) -> Field:
        is_long = len(question.choices) > LONGEST_RADIO_LIST
        people = min(people_count(question, data) + extra_people, question.max_people)
        return Field(
            template=f"portal/kinds/{'select' if is_long else question.kind}.html",
            control=self._control(question.id, question.label[self.language], data, self._options(question)),
            hint=question.hint.get(self.language, ""),
            is_required=question.required and not is_held,
            autocomplete=question.autocomplete,
            max_length=question.max_length,
            is_held=is_held,
            postal_code=self._control(POSTAL_CODE, _("Postal code"), data) if question.kind is Kind.ADDRESS else None,
            places=places_named(data.get(POSTAL_CODE, ""))
            if self.names_places and question.kind is Kind.ADDRESS
            else "",
            people=tuple(self._person(question, number, data) for number in range(people))
            if question.kind is Kind.PEOPLE
            else (),
        )

    def _control(
        self, name: str, label: str, data: Mapping[str, str], options: Mapping[str, str] | None = None
    ) -> Control:
        value = data.get(name, "")
        chosen = tuple(Option(key, text, key == value) for key, text in (options or {}).items())
        error = sentence(self.errors[name], label) if name in self.errors else ""
        return Control(name, label, value, error, chosen)

    def _options(self, question: Question) -> dict[str, str]:
        if question.kind is Kind.YES_NO:
            return _yes_no()
        return {choice.value: choice.label[self.language] for choice in question.choices}

    def _person(self, question: Question, number: int, data: Mapping[str, str]) -> Person:
        def control(name: str, options: Mapping[str, str] | None = None) -> Control:
            control_name = person_control(question, number, name)
            shown = self._control(control_name, labels[control_name], data, options)
            return replace(shown, label=_person_labels()[name])

        labels = _labels_of_person(question, number)

        return Person(
            number=number + 1,
            name=control("name"),
            birth_on=control("birth_on"),
            share_percent=control("share_percent"),
            is_pep=control("is_pep", _yes_no()),
        )

    def _labels(self, page: Page) -> dict[str, str]:
        labels: dict[str, str] = {}
        for question in page.questions:
            if question.kind is Kind.ADDRESS:
                labels[POSTAL_CODE] = _("Postal code")
            if question.kind is Kind.PEOPLE:
                for number in range(question.max_people):
                    labels |= _labels_of_person(question, number)
            labels[question.id] = question.label[self.language]
        return labels

    def _answer(self, page: Page, question: Question, known: Mapping[str, object]) -> Row:
        answers = self.visit.response.answers
        label = question.label[self.language]
        if all(name in known and answers.get(name) == known[name] for name in question.fields):
            return Row(label, (), page.id, _("Still the same"))
        values = [answers.get(name) for name in question.fields]
        if not any(value is not None for value in values):
            return Row(label, (), page.id, _("Left blank"))
        if question.kind is Kind.PEOPLE:
            people = _people(answers.get(question.id))
            return Row(label, tuple(plain(_owner(person, str(person["name"]))) for person in people), page.id)
        shown = [plain(self._words(question, value)) for value in values if value is not None]
        doubt = ""
        if question.kind is Kind.ADDRESS:
            doubt = doubt_about(*(str(answers.get(name) or "") for name in question.fields))
        return Row(label, tuple(shown), page.id, doubt=doubt)

    def _words(self, question: Question, value: object) -> str:
        if question.kind is Kind.YES_NO:
            return _yes_no()["yes" if value else "no"]
        if question.kind is Kind.DATE:
            return date_in_both_calendars(date.fromisoformat(str(value)))
        return self._options(question).get(str(value), str(value))

    def _masked(self, question: Question, name: str, value: object) -> Masked:
        text = str(value)
        if name == POSTAL_CODE:
            return mask_postal_code(text)
        maskers = {
            Kind.TEXT: mask_name,
            Kind.ADDRESS: mask_address,
            Kind.TEL: mask_phone,
            Kind.EMAIL: mask_email,
        }
        if masker := maskers.get(question.kind):
            return masker(text)
        return plain(self._words(question, value))


def _yes_no() -> dict[str, str]:
    return {"no": _("No"), "yes": _("Yes")}


def _person_labels() -> dict[str, str]:
    return {
        "name": _("Full name"),
        "birth_on": _("Date of birth"),
        "share_percent": _("Share of the voting rights (%)"),
        "is_pep": _("Has this person held an important public office in another country?"),
    }


def _labels_of_person(question: Question, number: int) -> dict[str, str]:
    """What an error calls the controls of one person: they all look alike."""
    return {
        person_control(question, number, name): _("Person %(number)s: %(label)s")
        % {"number": number + 1, "label": label}
        for name, label in _person_labels().items()
    }


def _people(value: object) -> list[dict[str, object]]:
    return [person for person in value if isinstance(person, dict)] if isinstance(value, list) else []


def _owner(person: Mapping[str, object], name: str) -> str:
    return _("%(name)s: %(share)s%%") % {"name": name, "share": person.get("share_percent", "?")}


def _masked_owner(person: Mapping[str, object]) -> Masked:
    masked = mask_name(str(person.get("name", "")))
    return Masked((*masked.parts, *plain(_owner(person, "")).parts), _owner(person, masked.spoken))


def _controls(question: Question, name: str, answer: object) -> dict[str, str]:
    """An answer back in the controls it came from."""
    if question.kind is not Kind.PEOPLE:
        return {name: _flag(answer)}
    return {
        person_control(question, number, part): _flag(value)
        for number, person in enumerate(_people(answer))
        for part, value in person.items()
    }


def _flag(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
