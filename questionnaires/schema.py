"""What a questionnaire is: one immutable document."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from questionnaires.conditions import Condition

Answers = Mapping[str, object]

POSTAL_CODE = "postal_code"
# Among the answers: the fields on which they differ from the file. Conditions read it as `changed:field`.
CHANGED = "*changed"
IS_CHANGED = "changed:"


class Text(dict[str, str]):
    """Words in every language of a document; a language that had none borrowed those of the default one."""

    def __init__(self, words: Mapping[str, str] | None = None, *, default: str = "", borrowed: Iterable[str] = ()):
        super().__init__(words or {})
        self._default, self._borrowed = default, frozenset(borrowed)

    def spoken_in(self, language: str) -> str:
        """The language in which the words of this one really are."""
        return self._default if language in self._borrowed else language


class Kind(StrEnum):
    """What is asked, and so how it is shown, read, said and kept."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    NAME = "name"
    NUMBER = "number"
    AMOUNT = "amount"  # of yen
    DATE = "date"
    TEL = "tel"
    EMAIL = "email"
    ADDRESS = "address"
    RADIO = "radio"
    CHECKBOXES = "checkboxes"
    YES_NO = "yes_no"
    BAND = "band"  # between which amounts of yen; the answer is the lower one
    COUNTRY = "country"
    PEOPLE = "people"
    DECLARATION = "declaration"
    FILE = "file"  # photographs and papers
    EKYC = "ekyc"  # nothing is asked here: identity is verified once the answers are sent
    INFORMATION = "information"  # nothing is asked


# What is only read: there is no answer to be checked or told.
UNASKED = frozenset({Kind.INFORMATION, Kind.EKYC})


class NamePart(StrEnum):
    """What is asked of a name, each in a box of its own."""

    FULL = "full"
    KANA = "kana"
    LATIN = "latin"


class Side(StrEnum):
    """Of a card or paper; each is a picture of its own."""

    FRONT = "front"
    BACK = "back"


class Accepted(StrEnum):
    """In what form a file may come."""

    PHOTO = "photo"
    PDF = "pdf"


class Sensitivity(StrEnum):
    """Who may read an answer on the pages of staff."""

    NORMAL = "normal"
    SENSITIVE = "sensitive"  # covered until a reason is given


class InvalidQuestionnaire(ValueError):
    """The document can't be published; the text names the place and the reason.

    ``reason`` with its ``params`` is the reason as a text to be translated; ``page`` and ``question`` are the ids of
    where it is, ``part`` is the key there; "" where there is none.
    """

    def __init__(
        self,
        text: str,
        *,
        reason: str = "",
        params: Mapping[str, object] = MappingProxyType({}),
        page: str = "",
        question: str = "",
        part: str = "",
    ) -> None:
        super().__init__(text)
        self.reason, self.params = reason, params
        self.page, self.question, self.part = page, question, part


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers that are offered."""

    value: str
    label: Text
    is_exclusive: bool = False  # of several choices: with it, no other
    asks_more: bool = False  # opens a box for words of one's own, as 「その他」
    group: Text = field(default_factory=Text, hash=False)  # under which it is offered in a long list


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer must keep to. Days are "2026-04-01", or from the day of answering: "today", "today-18y"."""

    min_length: int = 0
    max_length: int = 200
    min: int | None = None
    max: int | None = None
    earliest: str = ""
    latest: str = ""
    min_chosen: int = 0
    max_chosen: int | None = None
    max_people: int = 4
    max_files: int = 4


@dataclass(frozen=True, slots=True)
class Keep:
    """How long an answer is kept: so many months from the day it came in, or, None, until its review is closed."""

    months: int | None


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked. ``facts`` says as which fact of the customer each of its fields is kept; "" as none.

    ``methods``: the ways to verify identity that will do, as the institution's policy names them; empty: any.
    """

    id: str
    kind: Kind
    label: Text
    hint: Text
    required: bool
    facts: Mapping[str, str]
    autocomplete: str = ""
    choices: tuple[Choice, ...] = ()
    bands: tuple[int, ...] = ()
    limits: Limits = Limits()
    parts: tuple[NamePart, ...] = (NamePart.FULL,)
    person_fields: tuple[str, ...] = ()
    sensitivity: Sensitivity = Sensitivity.NORMAL
    accepts: tuple[Accepted, ...] = ()
    sides: tuple[Side, ...] = ()
    methods: tuple[str, ...] = ()
    keep: Keep | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The answers this question gives; most give one, an address two, a name as many as it has parts."""
        return tuple(self.facts)

    @property
    def maps_to(self) -> str:
        """The fact that its own field is kept as."""
        return self.facts.get(self.id, "")

    @property
    def more(self) -> str:
        """The field for words of one's own; "" if no choice asks for them."""
        return more_field(self.id) if any(choice.asks_more for choice in self.choices) else ""


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold between answers. ``at``: the field whose answer is to be looked at again."""

    holds: Condition
    at: str
    message: Text


@dataclass(frozen=True, slots=True)
class Page:
    """What is asked at once. ``block``: what the file says is shown first, to be confirmed in one tap."""

    id: str
    title: Text
    why: Text
    questions: tuple[Question, ...]
    show_if: Condition | None = None
    block: bool = False
    checks: tuple[Check, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(field for question in self.questions for field in question.fields)

    def is_answered(self, answers: Answers) -> bool:
        """Every field was dealt with; one left blank on purpose is present as None."""
        return all(field in answers for field in self.fields)


class Working(StrEnum):
    """How a value is worked out."""

    HOLDS = "holds"
    SUM = "sum"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Calculation:
    """A value worked out from answers, for conditions and the file; not known while an answer it reads is not."""

    id: str
    working: Working
    reads: tuple[str, ...]
    holds: Condition | None = None
    fact: str = ""

    def of(self, answers: Answers) -> object:
        """The value, or None."""
        if self.holds is not None:
            return self.holds.holds(answers)
        values = [answers.get(name) for name in self.reads]
        if any(value is None for value in values):
            return None
        if self.working is Working.COUNT:
            return sum(len(value) for value in values if isinstance(value, Sequence))
        return sum(value for value in values if isinstance(value, int | float))


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """A whole document, checked. ``untranslated``: what has no words in a language, as (place, language)."""

    id: str
    title: Text
    languages: tuple[str, ...]
    default_language: str
    pages: tuple[Page, ...]
    digest: str
    calculated: tuple[Calculation, ...] = ()
    untranslated: tuple[tuple[str, str], ...] = ()
    _pages: Mapping[str, Page] = field(default=MappingProxyType({}), repr=False, compare=False)

    def page(self, page_id: str) -> Page | None:
        """The page of this name."""
        return self._pages.get(page_id)

    def questions(self) -> Iterator[Question]:
        """Every question, in order."""
        for page in self.pages:
            yield from page.questions

    def language(self, wanted: str) -> str:
        """The language to speak: the wanted one if the document has it, else the nearest that it has."""
        near = (wanted, "ja" if wanted == "ja-easy" else "en")
        return next((language for language in near if language in self.languages), self.default_language)


def canonical(document: object) -> bytes:
    """The one way to write a document down: sorted keys, no blanks, UTF-8."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(document: object) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def more_field(question_id: str) -> str:
    """The field for what somebody writes beside a choice such as 「その他」."""
    return f"{question_id}_more"


def postal_field(question_id: str) -> str:
    """The field of an address's postal code; the usual address has the fact's own name."""
    return POSTAL_CODE if question_id == "address" else f"{question_id}_{POSTAL_CODE}"


def part_field(question_id: str, part: NamePart) -> str:
    """The field of one part of a name."""
    return question_id if part is NamePart.FULL else f"{question_id}_{part}"


def variables_of(fields: Sequence[str]) -> set[str]:
    """What conditions may read of fields: the answers, and whether they differ from the file."""
    return {*fields, *(IS_CHANGED + field for field in fields)}
