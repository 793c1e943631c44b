"""Everything that is wrong with a document, not only what is met first: for whoever is still writing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from questionnaires.conditions import Comparison, Condition
from questionnaires.fitting import misfits
from questionnaires.schema import Calculation, InvalidQuestionnaire, Question, Questionnaire, variables_of
from questionnaires.shaping import Shaper


def faults_of(document: Mapping[str, Any]) -> list[InvalidQuestionnaire]:
    """What keeps a document from being published, in its order; empty if nothing does.

    What reads a question that is wrong itself is not blamed for that.
    """
    return judge(document)[0]


def judge(document: Mapping[str, Any]) -> tuple[list[InvalidQuestionnaire], Questionnaire | None]:
    """The same with its shape, where nothing is wrong with it."""
    if unfit := misfits(document):
        return unfit, None
    finder = _Finder(document)
    shaped = finder.find()
    faults = list(finder.found.values())
    return faults, None if faults else shaped


class _Finder(Shaper):
    """Goes on after an error; what was wrong is taken as asked."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(document, is_published=False)
        self.found: dict[str, InvalidQuestionnaire] = {}
        self.unsure: set[str] = set()

    def find(self) -> Questionnaire | None:
        try:
            return self.questionnaire()
        except InvalidQuestionnaire as error:
            self.note(error)
            return None

    def note(self, error: InvalidQuestionnaire) -> None:
        self.found.setdefault(str(error), error)

    def walk(self) -> None:
        for part in self.document["pages"]:
            try:
                page = self.page(part)
                self.pages[page.id] = page
            except InvalidQuestionnaire as error:
                self.note(error)
                self.unsure |= variables_of([one["id"] for one in part["questions"]])
            self.calculate()

    def complete(self) -> None:
        if not self.unsure:
            super().complete()

    def calculation(self, part: Mapping[str, Any]) -> Calculation | None:
        try:
            return super().calculation(part)
        except InvalidQuestionnaire as error:
            self.note(error)
            self.unsure.add(part["id"])
            return None

    def questions(self, page: str, parts: Sequence[Mapping[str, Any]]) -> Iterator[Question]:
        for part in parts:
            try:
                yield self.question(page, part)
            except InvalidQuestionnaire as error:
                self.note(error)
                self.unsure |= variables_of([part["id"]])

    def unknown_to(self, condition: Condition) -> Set[str]:
        return super().unknown_to(condition) - self.unsure

    def misfit(self, one: Comparison) -> tuple[str, Mapping[str, object]] | None:
        return None if one.variable in self.unsure else super().misfit(one)
