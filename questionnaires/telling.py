"""A response in words, page by page, for staff who read what somebody answered."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language

from questionnaires.models import Response
from questionnaires.saying import said
from questionnaires.schema import Answers, Kind, Page, Question, Sensitivity, answers_on_route, route
from questionnaires.selectors import questionnaire_of


@dataclass(frozen=True, slots=True)
class ToldAnswer:
    """One question with what was answered. ``words`` are empty where it was left blank or is covered."""

    label: str
    words: tuple[str, ...]
    is_covered: bool
    is_on_file: bool  # the file keeps it, so that it is compared


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
    answers = answers_on_route(questionnaire, response.answers)
    language = questionnaire.language(get_language() or "")
    asked = [page for name in route(questionnaire, answers) if (page := questionnaire.page(name))]
    pages = (_page(page, response, answers, language, masked, shows_sensitive) for page in asked)
    return [page for page in pages if page.answers]


def _page(
    page: Page, response: Response, answers: Answers, language: str, masked: bool, shows_sensitive: bool
) -> ToldPage:
    asked = [question for question in page.questions if question.kind is not Kind.INFORMATION]
    rows = tuple(_answer(question, answers, language, masked, shows_sensitive) for question in asked)
    return ToldPage(page.title[language], page.id in response.confirmed_pages, rows)


def _answer(question: Question, answers: Answers, language: str, masked: bool, shows_sensitive: bool) -> ToldAnswer:
    given = {name: value for name in question.fields if (value := answers.get(name)) not in (None, [])}
    is_sensitive = question.sensitivity is Sensitivity.SENSITIVE
    is_covered = bool(given) and (masked or (is_sensitive and not shows_sensitive))
    words = (
        []
        if is_covered
        else [
            text for name, value in given.items() for text in said(question, name, value, lambda text: text[language])
        ]
    )
    return ToldAnswer(question.label[language], tuple(words), is_covered, bool(question.maps_to))
