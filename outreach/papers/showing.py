"""A sheet in words: what was keyed beside what counts, what was marked, and the lines of the check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.selectors import facts_of
from outreach.papers.comparing import Finding, Line, lines_of
from outreach.papers.models import PaperAnswer
from outreach.papers.selectors import sitting_over
from questionnaires.models import Response
from questionnaires.presenting import Writer
from questionnaires.saying import said as in_words
from questionnaires.schema import UNASKED, Question
from questionnaires.selectors import questionnaire_of

_CHOICES: Mapping[str, Promise] = {
    Finding.FIRST: gettext_lazy("The first is what the sheet says"),
    Finding.SECOND: gettext_lazy("The second is what the sheet says"),
    Finding.SEEN: gettext_lazy("As on the sheet"),
    Finding.AGAIN: gettext_lazy("Neither: key it again"),
}
_NOT_SEEN = gettext_lazy("Not as on the sheet: key it again")


@dataclass(frozen=True, slots=True)
class Beside:
    """One question with what the sheet says and what counts, or was begun, elsewhere."""

    label: str
    paper: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return self.paper == self.other


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One question of the check as its page shows it."""

    id: str
    label: str
    title: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    is_blind: bool
    is_same: bool
    mark: str
    choices: tuple[tuple[str, str], ...]
    chosen: str
    is_open: bool


def answers_beside(paper: PaperAnswer, response: Response, language: str) -> list[Beside]:
    """Every question of the sheet beside the customer's answer, or beside what they had begun and that gave way."""
    writer = _writer(paper, response, language)
    begun = (paper.beside or {}).get("answers") if paper.status == PaperAnswer.Status.ACCEPTED else response.answers
    other = begun if isinstance(begun, dict) else {}
    if not paper.answers or (paper.status == PaperAnswer.Status.ACCEPTED and not other):
        return []
    asked = (
        question
        for page in questionnaire_of(response.version).pages
        for question in page.questions
        if question.kind not in UNASKED
    )
    rows = [
        Beside(_plain(writer, one), _words(writer, one, paper.answers), _words(writer, one, other)) for one in asked
    ]
    return [row for row in rows if row.paper or row.other]


def marks_in_words(paper: PaperAnswer, response: Response, language: str) -> list[tuple[str, str]]:
    """Each marked question with why it could not be keyed."""
    writer = _writer(paper, response, language)
    words = dict(PaperAnswer.Mark.choices)
    questions = {one.id: one for one in questionnaire_of(response.version).questions()}
    return [(_plain(writer, questions[key]), str(words[mark])) for key, mark in paper.marks.items() if key in questions]


def check_lines(
    paper: PaperAnswer, response: Response, language: str, *, said_so_far: Mapping[str, str], open_ids: Sequence[str]
) -> list[CheckLine]:
    """The lines of the check: what differs first, because it has to be decided."""
    writer = _writer(paper, response, language)
    lines = lines_of(questionnaire_of(response.version), paper.answers, paper.second, paper.marks)
    shown = [_shown(writer, line, paper, said_so_far, open_ids) for line in lines]
    return sorted(shown, key=lambda line: (not line.choices, not line.is_blind))


def _shown(
    writer: Writer, line: Line, paper: PaperAnswer, said_so_far: Mapping[str, str], open_ids: Sequence[str]
) -> CheckLine:
    question = line.question
    words = {code: str(_CHOICES[code]) for code in line.offered}
    if not line.is_blind and Finding.AGAIN in words:
        words[Finding.AGAIN] = str(_NOT_SEEN)
    marks = dict(PaperAnswer.Mark.choices)
    return CheckLine(
        id=question.id,
        label=_plain(writer, question),
        title=line.page.title[writer.language],
        first=_words(writer, question, paper.answers),
        second=_words(writer, question, paper.second) if line.is_blind else (),
        is_blind=line.is_blind,
        is_same=line.is_same,
        mark=str(marks.get(line.mark, "")),
        choices=tuple((str(code), text) for code, text in words.items()),
        chosen=said_so_far.get(question.id, ""),
        is_open=question.id in open_ids,
    )


def _writer(paper: PaperAnswer, response: Response, language: str) -> Writer:
    sitting = sitting_over(paper, response, facts_of(paper.customer))
    return Writer(sitting, sitting.questionnaire.language(language))


def _plain(writer: Writer, question: Question) -> str:
    return question.label[writer.language]


def _words(writer: Writer, question: Question, answers: Mapping[str, object]) -> tuple[str, ...]:
    given = {name: value for name in question.fields if (value := answers.get(name)) not in (None, [])}
    return tuple(text for name, value in given.items() for text in in_words(question, name, value, writer.words)) or (
        _("Left blank"),
    ) * (question.id in answers)
