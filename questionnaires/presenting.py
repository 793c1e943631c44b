"""Turns questions, answers and facts into what the templates of the answering pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.translation import gettext as _

from questionnaires import persons
from questionnaires.addressing import doubt_about, places_named
from questionnaires.answering import Errors, people_count
from questionnaires.controls import DATE_PARTS, choice_control, controls_of, date_control, person_control
from questionnaires.files.presenting import Slot, accept_of, slots_of
from questionnaires.files.selectors import Handed
from questionnaires.filling import controls_filled
from questionnaires.finding import Found, found_among, is_looked_for
from questionnaires.formatting import era_name
from questionnaires.marking import in_language
from questionnaires.masking import Masked, plain
from questionnaires.messages import sentence
from questionnaires.persons import Control, Option, Person
from questionnaires.reading import ERAS
from questionnaires.rereading import reread
from questionnaires.saying import masked_value, options_of, said, yes_no
from questionnaires.schema import UNASKED, Kind, NamePart, Page, Question, Text, part_field, postal_field
from questionnaires.sittings import Sitting

# A list longer than this is a drop-down: nobody reads seventy countries in rows.
LONGEST_RADIO_LIST = 12
# Kinds that look like another.
_LIKE = {Kind.AMOUNT: Kind.NUMBER, Kind.BAND: Kind.RADIO, Kind.COUNTRY: "select"}


@dataclass(frozen=True, slots=True)
class Field:
    """One question as its template shows it. ``parts``: its controls, where it has several."""

    template: str
    control: Control
    hint: str
    is_required: bool
    autocomplete: str
    max_length: int
    is_held: bool  # the file answers it: left blank it stays as it is
    parts: tuple[Control, ...] = ()
    more: Control | None = None
    found: Found | None = None  # of very many choices, those that were looked for
    postal_code: Control | None = None
    places: str = ""  # what the postal code stands for, when that was asked
    people: tuple[Person, ...] = ()
    slots: tuple[Slot, ...] = ()
    accept: str = ""  # of a choice of files, as HTML says it
    max_megabytes: int = 0  # of one file
    unit: str = ""
    error: str = ""  # about the question as a whole
    is_blank: bool = False  # as it is for everybody: nothing is typed, handed in or wrong on its page


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a record or of the list to check before sending."""

    label: str
    values: tuple[Masked, ...]
    page_id: str = ""
    tag: str = ""
    doubt: str = ""
    is_reread: bool = False  # it is not word for word what was typed


@dataclass(slots=True)
class Writer:
    """Words of one questionnaire in one language."""

    visit: Sitting
    language: str
    errors: Errors = field(default_factory=dict)
    names_places: bool = False
    finds: bool = False  # very many choices are looked for, as customers do; staff scroll
    files: Mapping[str, Sequence[Handed]] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)  # of what is shown as it was typed, by control

    def words(self, text: Text) -> str:
        """Words of the document, marked where the page speaks another language; "" where it has none."""
        return in_language(text[self.language], text.spoken_in(self.language)) if text else ""

    def fields(self, page: Page, data: Mapping[str, str], *, extra_people: int = 0) -> list[Field]:
        """The page's questions, with `data` in their controls."""
        held = self.visit.held(page)
        if data:
            self.read = {name: said for question in page.questions for name, said in reread(question, data).items()}
        return [
            self._field(question, data, any(name in held for name in question.fields), extra_people)
            for question in page.questions
        ]

    def error_list(self, page: Page) -> list[tuple[str, str]]:
        """Every error with the control it leads to, in the order of the page."""
        order = [name for question in page.questions for name in controls_of(question)]
        ordered = sorted(self.errors, key=order.index)
        labels = self._labels(page)
        return [(name, self._sentence(name, labels[name])) for name in ordered]

    def record(self, page: Page) -> list[Row]:
        """What the file says, masked; what it does not say is left out of a page that asks for it."""
        known = self.visit.held(page)
        is_whole = bool(self.visit.known(page))
        rows = []
        for question in page.questions:
            held = [name for name in question.fields if name in known]
            if not held and not (is_whole and question.maps_to):
                continue
            values = tuple(masked_value(question, name, known[name], self.words) for name in held)
            if question.kind is Kind.PEOPLE:
                values = tuple(map(persons.masked, persons.people_in(known.get(question.id))))
            rows.append(Row(self.words(question.label), values))
        return rows

    def answers(self, page: Page) -> list[Row]:
        """What was answered on a page, for checking before it is sent."""
        response = self.visit.response
        asked = [question for question in page.questions if question.kind not in UNASKED]
        if not asked:
            return []
        if page.id in response.confirmed_pages:
            kept = _("; ").join(self.words(question.label) for question in asked if question.maps_to)
            return [Row(kept, (), page.id, _("Still the same"))]
        labels = _("; ").join(self.words(question.label) for question in asked)
        if page.id not in self.visit.typed:
            return [Row(labels, (), page.id, _("Already answered"))]
        held = self.visit.held(page)
        return [self._answer(page, question, held) for question in asked]

    def typed(self, page: Page) -> dict[str, str]:
        """The controls as they were filled in earlier in this visit; empty for what only the file knows."""
        if page.id not in self.visit.typed:
            return {}
        return controls_filled(page, self.visit.response.answers, known=self.visit.held(page))

    def _field(self, question: Question, data: Mapping[str, str], is_held: bool, extra_people: int) -> Field:
        options = self._options(question, data)
        is_long = len(options) > LONGEST_RADIO_LIST and question.kind is not Kind.CHECKBOXES
        like = "select" if is_long else _LIKE.get(question.kind, question.kind)
        found = found_among(question, options, data) if self.finds and is_looked_for(question, options) else None
        is_address = question.kind is Kind.ADDRESS
        postal = postal_field(question.id)
        return Field(
            template=f"portal/kinds/{'found' if found else like}.html",
            control=self._control(question.id, self.words(question.label), data, found.shown if found else options),
            found=found,
            hint=self.words(question.hint),
            is_required=question.required and not is_held,
            autocomplete=question.autocomplete,
            max_length=question.limits.max_length,
            is_held=is_held,
            parts=self._parts(question, data),
            more=self._control(question.more, _("Please describe"), data) if question.more else None,
            postal_code=self._control(postal, _("Postal code"), data) if is_address else None,
            places=places_named(data.get(postal, "")) if self.names_places and is_address else "",
            people=self._people(question, data, extra_people),
            slots=slots_of(question, self.files.get(question.id, ()), self._errors_of(question)),
            accept=accept_of(question),
            max_megabytes=settings.UPLOAD_MAX_BYTES // 1024**2,
            unit=_("yen") if question.kind is Kind.AMOUNT else "",
            error=self._error_of(question),
            is_blank=not (data or self.errors or self.files or extra_people),
        )

    def _errors_of(self, question: Question) -> dict[str, str]:
        label = self.words(question.label)
        return {name: self._sentence(name, label) for name in controls_of(question) if name in self.errors}

    def _error_of(self, question: Question) -> str:
        """About the question itself; the box beside a choice has its own."""
        names = [name for name in controls_of(question) if name in self.errors and name != question.more]
        return self._sentence(names[0], self.words(question.label)) if names else ""

    def _parts(self, question: Question, data: Mapping[str, str]) -> tuple[Control, ...]:
        if question.kind is Kind.NAME:
            fields = [(part, part_field(question.id, part)) for part in question.parts]
            labels = self._name_labels(question)
            return tuple(self._control(name, labels[name], data, hint=_name_hint(part)) for part, name in fields)
        if question.kind is not Kind.DATE:
            return ()
        era, *numbers = (date_control(question, part) for part in DATE_PARTS)
        chosen = data.get(era) or "western"
        eras = [Option(name, era_name(name), name == chosen) for name in ("western", *(one.name for one in ERAS[:4]))]
        return (
            self._control(era, _("How the year is counted"), data, eras),
            *(self._control(name, label, data) for name, label in zip(numbers, _date_labels(), strict=True)),
        )

    def _control(
        self, name: str, label: str, data: Mapping[str, str], options: Sequence[Option] = (), hint: str = ""
    ) -> Control:
        error = self._sentence(name, label) if name in self.errors else ""
        return Control(name, label, data.get(name, ""), error, tuple(options), hint, read=self.read.get(name, ""))

    def _options(self, question: Question, data: Mapping[str, str]) -> list[Option]:
        is_several = question.kind is Kind.CHECKBOXES
        opening = {choice.value for choice in question.choices if choice.asks_more}
        groups = {choice.value: self.words(choice.group) for choice in question.choices}
        return [
            Option(
                value,
                label,
                bool(data.get(choice_control(question, value))) if is_several else data.get(question.id) == value,
                value in opening,
                groups.get(value, ""),
            )
            for value, label in options_of(question, self.words).items()
        ]

    def _people(self, question: Question, data: Mapping[str, str], extra: int) -> tuple[Person, ...]:
        if question.kind is not Kind.PEOPLE:
            return ()
        count = min(people_count(question, data) + extra, question.limits.max_people)
        return tuple(self._person(question, number, data) for number in range(count))

    def _person(self, question: Question, number: int, data: Mapping[str, str]) -> Person:
        labels, hints = persons.person_labels(), persons.person_hints()
        spoken = persons.labels_of_person(question, number)
        controls = []
        for part in question.person_fields:
            name = person_control(question, number, part)
            flags = [Option(key, text, data.get(name) == key) for key, text in yes_no().items()]
            error = self._sentence(name, spoken[name]) if name in self.errors else ""
            options, read = tuple(flags) if part == "is_pep" else (), self.read.get(name, "")
            controls.append(Control(name, labels[part], data.get(name, ""), error, options, hints[part], part, read))
        return Person(number + 1, tuple(controls))

    def _labels(self, page: Page) -> dict[str, str]:
        """What errors call the controls of a page."""
        labels: dict[str, str] = {}
        for question in page.questions:
            label = self.words(question.label)
            labels |= dict.fromkeys(controls_of(question), label)
            if question.kind is Kind.ADDRESS:
                labels[postal_field(question.id)] = _("Postal code")
            if question.kind is Kind.NAME:
                labels |= self._name_labels(question)
            if question.kind is Kind.PEOPLE:
                for number in range(question.limits.max_people):
                    labels |= persons.labels_of_person(question, number)
        return labels

    def _name_labels(self, question: Question) -> dict[str, str]:
        label = self.words(question.label)
        words = {
            NamePart.FULL: label,
            NamePart.KANA: _("%(label)s (in katakana)") % {"label": label},
            NamePart.LATIN: _("%(label)s (in Roman letters)") % {"label": label},
        }
        return {part_field(question.id, part): words[part] for part in question.parts}

    def _sentence(self, name: str, label: str) -> str:
        code, params = self.errors[name]
        if code == "check" and isinstance(message := params["message"], Text):
            return self.words(message)
        return sentence((code, params), label)

    def _answer(self, page: Page, question: Question, known: Mapping[str, object]) -> Row:
        answers = self.visit.response.answers
        label = self.words(question.label)
        held = [name for name in question.fields if name in known]
        if held and all(answers.get(name) == known[name] for name in held):
            return Row(label, (), page.id, _("Still the same"))
        given = {name: value for name in question.fields if (value := answers.get(name)) not in (None, [])}
        if not given:
            return Row(label, (), page.id, _("Left blank"))
        words = [text for name, value in given.items() for text in said(question, name, value, self.words)]
        doubt = ""
        if question.kind is Kind.ADDRESS:
            doubt = doubt_about(*(str(answers.get(name) or "") for name in question.fields))
        return Row(label, tuple(map(plain, words)), page.id, doubt=doubt, is_reread=question.id in self.visit.reread)


def _date_labels() -> tuple[str, str, str]:
    return _("Year"), _("Month"), _("Day")


def _name_hint(part: NamePart) -> str:
    hints = {
        NamePart.KANA: _("Hiragana and half-width katakana are fine. Example: %(example)s")
        % {"example": in_language("ヤマダ ハナコ", "ja")},
        NamePart.LATIN: _("As on the passport or residence card."),
    }
    return hints.get(part, "")
