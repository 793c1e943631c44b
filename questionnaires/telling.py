"""A response in words, page by page, for staff who read what somebody answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language

from questionnaires.files.selectors import pages_of
from questionnaires.keeping import destroyed_answers
from questionnaires.models import Response
from questionnaires.routing import answers_on_route, files_in, route
from questionnaires.saying import said
from questionnaires.schema import UNASKED, Answers, Kind, Page, Question, Sensitivity, Text
from questionnaires.selectors import questionnaire_of
from uploads.models import Upload


@dataclass(frozen=True, slots=True)
class ToldAnswer:
    """One question with what was answered. ``words`` are empty where it was left blank or is covered."""

    label: str
    words: tuple[str, ...]
    is_covered: bool
    is_on_file: bool  # the file keeps it, so that it is compared
    pictures: tuple[Upload, ...] = ()  # of files that were handed in, page by page
    destroyed_on: date | None = None


@dataclass(frozen=True, slots=True)
class ToldPage:
    """One page that was asked."""

    title: str
    is_confirmed: bool  # as unchanged, in one tap
    answers: tuple[ToldAnswer, ...]


def told(response: Response, *, masked: bool, shows_sensitive: bool) -> list[ToldPage]:
    """The pages on the route, in the order they were asked, in the reader's language as far as the document has it.

    Raises PersonShredded.
    """
    questionnaire = questionnaire_of(response.version)
    answers, destroyed = response.answers, destroyed_answers(response)
    language = questionnaire.language(get_language() or "")
    # What was sent is only what was asked; an answer that shaped the way may be gone.
    asked = (
        set(route(questionnaire, answers))
        if not destroyed
        else {page.id for page in questionnaire.pages if page.is_answered(answers)}
    )
    answers = answers if destroyed else answers_on_route(questionnaire, answers)
    shown = [page for page in questionnaire.pages if page.id in asked]
    reader = _Reader(response, answers, language, masked, shows_sensitive, pages_of(response), destroyed)
    pages = (reader.page(page) for page in shown)
    return [page for page in pages if page.answers]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Somebody who reads a response, and what they may see of it."""

    response: Response
    answers: Answers
    language: str
    masked: bool
    shows_sensitive: bool
    pictures: Mapping[str, tuple[Upload, ...]]
    destroyed: Mapping[str, date]

    def page(self, page: Page) -> ToldPage:
        asked = [question for question in page.questions if question.kind not in UNASKED]
        rows = tuple(self.answer(question) for question in asked)
        return ToldPage(page.title[self.language], page.id in self.response.confirmed_pages, rows)

    def answer(self, question: Question) -> ToldAnswer:
        given = {name: value for name in question.fields if (value := self.answers.get(name)) not in (None, [])}
        is_sensitive = question.sensitivity is Sensitivity.SENSITIVE
        is_covered = bool(given) and (self.masked or (is_sensitive and not self.shows_sensitive))
        said_of = {} if is_covered else given
        return ToldAnswer(
            label=question.label[self.language],
            words=tuple(text for name, value in said_of.items() for text in said(question, name, value, self.words)),
            is_covered=is_covered,
            is_on_file=bool(question.maps_to),
            destroyed_on=self.destroyed.get(question.id),
            pictures=self.pictures_of(said_of.get(question.id)) if question.kind is Kind.FILE else (),
        )

    def words(self, text: Text) -> str:
        return text[self.language]

    def pictures_of(self, answer: object) -> tuple[Upload, ...]:
        return tuple(page for file in files_in(answer) for page in self.pictures.get(str(file["id"]), ()))
