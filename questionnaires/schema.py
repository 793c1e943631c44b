"""What a questionnaire is: one immutable document, and the pure rules for walking through it."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from questionnaires.conditions import Condition, InvalidCondition, parse_condition

Text = Mapping[str, str]
Answers = Mapping[str, object]

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}")
# Steps of the journey that are not pages of a document but share its address space.
_RESERVED = frozenset({"landing", "identity", "check", "ekyc", "done", "end", "question", "display"})
# Secrets no bank asks for on a page: a question with such an id can't be made.
_FORBIDDEN = re.compile(r"pin|password|passcode|otp|card_number|cvv|cvc")
_CONSTRAINTS = frozenset({"max_length", "max_people"})
POSTAL_CODE = "postal_code"


class Kind(StrEnum):
    RADIO = "radio"
    YES_NO = "yes_no"
    TEXT = "text"
    TEL = "tel"
    EMAIL = "email"
    ADDRESS = "address"
    DATE = "date"
    PEOPLE = "people"


class InvalidQuestionnaire(ValueError):
    """The document can't be published; the text names the place and the reason."""


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    kind: Kind
    label: Text
    hint: Text
    required: bool
    maps_to: str
    autocomplete: str = ""
    choices: tuple[Choice, ...] = ()
    max_length: int = 200
    max_people: int = 4

    @property
    def fields(self) -> tuple[str, ...]:
        """The answers this question gives: an address is two, anything else is one."""
        return (POSTAL_CODE, self.id) if self.kind is Kind.ADDRESS else (self.id,)


@dataclass(frozen=True, slots=True)
class Page:
    id: str
    title: Text
    why: Text
    questions: tuple[Question, ...]
    show_if: Condition | None = None
    block: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(field for question in self.questions for field in question.fields)

    def is_answered(self, answers: Answers) -> bool:
        """Every field was dealt with; one left blank on purpose is present as None."""
        return all(field in answers for field in self.fields)


@dataclass(frozen=True, slots=True)
class Questionnaire:
    id: str
    title: Text
    languages: tuple[str, ...]
    default_language: str
    pages: tuple[Page, ...]
    digest: str

    def page(self, page_id: str) -> Page | None:
        return next((page for page in self.pages if page.id == page_id), None)

    def questions(self) -> Iterator[Question]:
        for page in self.pages:
            yield from page.questions

    def language(self, wanted: str) -> str:
        """The language to speak: the wanted one if the document has it."""
        return wanted if wanted in self.languages else self.default_language


def canonical(document: object) -> bytes:
    """The one way to write a document down: sorted keys, no blanks, UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(document: object) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def parse(document: Mapping[str, Any]) -> Questionnaire:
    """Check a document and give it a shape. Raises InvalidQuestionnaire naming the place that is wrong."""
    return _Parser(document).questionnaire()


def parse_json(document: bytes) -> Questionnaire:
    """As `parse`, from JSON text."""
    return parse(json.loads(document))


def route(questionnaire: Questionnaire, answers: Answers) -> list[str]:
    """The pages this person is asked, in order; recomputed from the answers each time, never stored.

    A page whose condition can't be decided yet is shown. Answers on pages off the route count for nothing.
    """
    counted: dict[str, object] = {}
    shown = []
    for page in questionnaire.pages:
        if page.show_if and page.show_if.holds(counted) is False:
            continue
        shown.append(page.id)
        counted |= {field: answers[field] for field in page.fields if field in answers}
    return shown


def answers_on_route(questionnaire: Questionnaire, answers: Answers) -> dict[str, object]:
    """The answers that count: those of the pages this person is really asked."""
    on_route = set(route(questionnaire, answers))
    fields = {field for page in questionnaire.pages if page.id in on_route for field in page.fields}
    return {field: value for field, value in answers.items() if field in fields}


def next_page(questionnaire: Questionnaire, answers: Answers) -> str | None:
    """The first page still to be answered; None when all are."""
    for page_id in route(questionnaire, answers):
        page = questionnaire.page(page_id)
        if page and not page.is_answered(answers):
            return page_id
    return None


def may_visit(questionnaire: Questionnaire, answers: Answers, page_id: str) -> bool:
    """Whether a page is on the route and everything before it is answered."""
    shown = route(questionnaire, answers)
    waiting = next_page(questionnaire, answers)
    if page_id not in shown:
        return False
    return waiting is None or shown.index(page_id) <= shown.index(waiting)


class _Parser:
    """Walks one document, keeping the place for the message."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.place = "document"
        self.seen_fields: set[str] = set()
        self.seen_pages: set[str] = set()

    def fail(self, reason: str) -> InvalidQuestionnaire:
        return InvalidQuestionnaire(f"{self.place}: {reason}")

    def need(self, part: Mapping[str, Any], key: str, kind: type) -> Any:
        if not isinstance(part, Mapping) or not isinstance(part.get(key), kind):
            raise self.fail(f"{key!r} must be a {kind.__name__}")
        return part[key]

    def text(self, part: Mapping[str, Any], key: str, *, optional: bool = False) -> Text:
        if optional and key not in part:
            return {}
        words = self.need(part, key, dict)
        missing = [language for language in self.languages if not str(words.get(language) or "").strip()]
        if missing:
            raise self.fail(f"{key!r} has no text in {', '.join(missing)}")
        return {language: str(words[language]) for language in self.languages}

    def identifier(self, part: Mapping[str, Any], taken: set[str]) -> str:
        name = str(self.need(part, "id", str))
        if not _IDENTIFIER.fullmatch(name) or name in _RESERVED or _FORBIDDEN.search(name):
            raise self.fail(f"{name!r} can't be an id")
        if name in taken:
            raise self.fail(f"the id {name!r} appears twice")
        return name

    def questionnaire(self) -> Questionnaire:
        self.languages: list[str] = self.need(self.document, "languages", list)
        default = self.need(self.document, "default_language", str)
        if not self.languages or default not in self.languages:
            raise self.fail("the default language must be one of the languages")
        pages = self.need(self.document, "pages", list)
        if not pages:
            raise self.fail("there are no pages")
        return Questionnaire(
            id=self.need(self.document, "id", str),
            title=self.text(self.document, "title"),
            languages=tuple(self.languages),
            default_language=default,
            pages=tuple(self.page(number, part) for number, part in enumerate(pages, start=1)),
            digest=digest_of(self.document),
        )

    def page(self, number: int, part: Mapping[str, Any]) -> Page:
        self.place = f"page {number}"
        name = self.identifier(part, self.seen_pages)
        self.seen_pages.add(name)
        self.place = f"page {name!r}"
        show_if = self.condition(part)
        questions = self.need(part, "questions", list)
        if not questions:
            raise self.fail("there are no questions")
        page = Page(
            id=name,
            title=self.text(part, "title"),
            why=self.text(part, "why"),
            show_if=show_if,
            block=bool(part.get("block", False)),
            questions=tuple(self.question(name, question) for question in questions),
        )
        self.seen_fields.update(page.fields)
        return page

    def condition(self, part: Mapping[str, Any]) -> Condition | None:
        if "show_if" not in part:
            return None
        try:
            condition = parse_condition(part["show_if"])
        except InvalidCondition as error:
            raise self.fail(f"show_if: {error}") from error
        if unknown := condition.reads - self.seen_fields:
            raise self.fail(f"show_if reads {', '.join(sorted(unknown))}, which no earlier page asks")
        return condition

    def question(self, page: str, part: Mapping[str, Any]) -> Question:
        self.place = f"page {page!r}"
        name = self.identifier(part, self.seen_fields)
        self.place = f"question {name!r}"
        try:
            kind = Kind(self.need(part, "kind", str))
        except ValueError:
            raise self.fail(f"unknown kind {part['kind']!r}") from None
        constraints = part.get("constraints", {})
        if set(constraints) - _CONSTRAINTS or any(type(n) is not int or n < 1 for n in constraints.values()):
            raise self.fail("constraints are max_length and max_people, as whole numbers")
        question = Question(
            id=name,
            kind=kind,
            label=self.text(part, "label"),
            hint=self.text(part, "hint", optional=True),
            required=bool(part.get("required", False)),
            maps_to=self.need(part, "maps_to", str),
            autocomplete=str(part.get("autocomplete", "")),
            choices=self.choices(part) if kind is Kind.RADIO else (),
            **constraints,
        )
        if clash := self.seen_fields.intersection(question.fields):
            raise self.fail(f"the answer {', '.join(clash)} is asked twice")
        self.seen_fields.update(question.fields)
        return question

    def choices(self, part: Mapping[str, Any]) -> tuple[Choice, ...]:
        lists = self.document.get("choice_lists", {})
        offered = lists.get(self.need(part, "choices", str))
        if not isinstance(offered, list) or len(offered) < 2:
            raise self.fail(f"there is no choice list {part['choices']!r} of two or more")
        choices = tuple(Choice(self.need(item, "value", str), self.text(item, "label")) for item in offered)
        if len({choice.value for choice in choices}) != len(choices):
            raise self.fail(f"the choice list {part['choices']!r} repeats a value")
        return choices
