"""Two keyings of one sheet side by side: what is keyed twice, what agrees, and what becomes of the rest. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from questionnaires import routing, schema
from questionnaires.schema import UNASKED, Answers, Kind, Page, Question, Questionnaire, Sensitivity

_BLANKS = re.compile(r"\s+")


class Finding(StrEnum):
    """How the check settled one question."""

    AGREED = "agreed"  # keyed twice alike
    FIRST = "first"  # keyed twice, and the first keying is what the sheet says
    SECOND = "second"
    SEEN = "seen"  # keyed once, and compared with the picture
    AGAIN = "again"  # neither is what the sheet says: to be keyed again


@dataclass(frozen=True, slots=True)
class Line:
    """One question of the check. ``is_blind``: it was keyed a second time by somebody who did not see the first."""

    page: Page
    question: Question
    is_blind: bool
    is_same: bool
    mark: str

    @property
    def offered(self) -> tuple[Finding, ...]:
        """What the checker chooses from; nothing where both keyings agree."""
        if not self.is_blind:
            return (Finding.SEEN, Finding.AGAIN)
        return () if self.is_same else (Finding.FIRST, Finding.SECOND, Finding.AGAIN)


def is_important(question: Question) -> bool:
    """Whether it is keyed twice: what the customer file keeps, what is declared, and what is sensitive."""
    if question.kind in UNASKED or question.kind is Kind.FILE:
        return False
    is_kept = any(question.facts.values())
    return is_kept or question.kind is Kind.DECLARATION or question.sensitivity is Sensitivity.SENSITIVE


def blind_page(page: Page, marks: Mapping[str, str]) -> Page | None:
    """What of a page is keyed a second time; None where nothing is."""
    questions = tuple(one for one in page.questions if is_important(one) and one.id not in marks)
    return replace(page, questions=questions, checks=()) if questions else None


def readable_page(page: Page, marks: Mapping[str, str]) -> Page:
    """A page without the questions that were marked; its checks are left to the whole page."""
    if not marks:
        return page
    return replace(page, questions=tuple(one for one in page.questions if one.id not in marks), checks=())


def lines_of(
    questionnaire: Questionnaire, answers: Answers, second: Answers, marks: Mapping[str, str]
) -> Iterator[Line]:
    """Every question that was asked, in the order of the sheet."""
    on_route = routing.route(questionnaire, answers)
    for page in questionnaire.pages:
        if page.id not in on_route:
            continue
        for question in page.questions:
            if question.kind in UNASKED:
                continue
            is_blind = is_important(question) and question.id not in marks
            is_same = all(_alike(question, name, answers.get(name), second.get(name)) for name in question.fields)
            yield Line(page, question, is_blind, is_blind and is_same, marks.get(question.id, ""))


def findings_of(lines: Sequence[Line], said: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """How each question was settled, by its id, and the ids of those about which nothing valid was said."""
    found: dict[str, str] = {}
    open_ids: list[str] = []
    for line in lines:
        choice = said.get(line.question.id, "")
        if not line.offered:
            found[line.question.id] = Finding.AGREED
        elif choice in line.offered:
            found[line.question.id] = Finding(choice)
        else:
            open_ids.append(line.question.id)
    return found, open_ids


def settled(lines: Sequence[Line], answers: Answers, second: Answers, found: Mapping[str, str]) -> dict[str, object]:
    """The answers with what was decided: the second keying's where that is what the sheet says."""
    taken = [line.question for line in lines if found.get(line.question.id) == Finding.SECOND]
    return {**answers, **{name: second.get(name) for question in taken for name in question.fields}}


def required_marks(questionnaire: Questionnaire, answers: Answers, marks: Mapping[str, str]) -> list[Question]:
    """The marked questions without which there is no answer."""
    on_route = routing.route(questionnaire, answers)
    asked = (question for page in questionnaire.pages if page.id in on_route for question in page.questions)
    return [question for question in asked if question.required and question.id in marks]


def _alike(question: Question, name: str, first: object, second: object) -> bool:
    """Blanks make no other answer of it; everything else does, the shape of a character included.

    Of a telephone number and a postal code only the digits count: files keep them in another form than is typed.
    """
    if question.kind is Kind.TEL or (question.kind is Kind.ADDRESS and name == schema.postal_field(question.id)):
        return _digits(first) == _digits(second)
    return _plain(first) == _plain(second)


def _digits(value: object) -> str:
    text = str(value or "")
    return "".join(sign for sign in ("0" + text[3:] if text.startswith("+81") else text) if sign.isdigit())


def _plain(value: object) -> object:
    if value in (None, "", []):
        return None
    if isinstance(value, str):
        return _BLANKS.sub("", value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value
