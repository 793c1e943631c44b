"""A response while it is being answered, by the customer or by somebody for them: what is asked, what is on file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile

from customers.folding import fold
from questionnaires import routing, schema
from questionnaires.models import Response

_SEPARATORS = re.compile(r"[\s\-()]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """All that the pages of questions need to know."""

    response: Response
    questionnaire: schema.Questionnaire
    facts: Mapping[str, object]
    typed: frozenset[str]  # pages filled in during this sitting: only these are shown as typed
    reread: frozenset[str] = frozenset()  # questions whose answers are not word for word what was typed

    @property
    def route(self) -> list[str]:
        """The pages that are asked, in order."""
        return routing.route(self.questionnaire, self.response.answers)

    @property
    def pages(self) -> list[schema.Page]:
        """The pages of the route."""
        return routing.pages_asked(self.questionnaire, self.response.answers)

    @property
    def next_page(self) -> str | None:
        """The first page without an answer."""
        return routing.next_page(self.questionnaire, self.response.answers)

    def expected(self, here: schema.Page) -> list[schema.Page]:
        """The pages that are asked if what the file says is confirmed from here on: what is counted before it is known.

        Up to ``here`` it is the route, so a page that is on the route is among them.
        """
        answers = self.response.answers
        ahead = dropwhile(lambda page: page.id != here.id, self.questionnaire.pages)
        waiting = [page for page in ahead if not page.is_answered(answers)]
        filed = {field: value for page in waiting for field, value in self.known(page).items()}
        return routing.pages_asked(self.questionnaire, {**filed, **answers})

    def held(self, page: schema.Page) -> dict[str, object]:
        """What the file says by field, of the questions it answers whole; empty for pages that are always asked."""
        if not page.block:
            return {}
        whole = [question for question in page.questions if self._is_whole(question)]
        kept = {field: self.facts.get(fact) for question in whole for field, fact in kept_of(question)}
        return {field: value for field, value in kept.items() if _is_known(value)}

    def _is_whole(self, question: schema.Question) -> bool:
        """Whether the file answers it. A name is whole without Roman letters, which few files have."""
        latin = schema.part_field(question.id, schema.NamePart.LATIN)
        needed = [fact for field, fact in kept_of(question) if field != latin]
        return bool(needed) and all(_is_known(self.facts.get(fact)) for fact in needed)

    def known(self, page: schema.Page) -> dict[str, object]:
        """The file's values of a page that can be confirmed as a whole; empty if something required is missing."""
        held = self.held(page)
        required = [question for question in page.questions if question.required]
        return held if all(self._is_whole(question) for question in required) else {}

    def changed(self, page: schema.Page, answers: Mapping[str, object]) -> list[str]:
        """The fields of a page whose answers differ from the file, in the order of the page."""
        kept = [pair for question in page.questions for pair in kept_of(question)]
        return [field for field, fact in kept if _compared(answers.get(field)) != _compared(self.facts.get(fact))]


def kept_of(question: schema.Question) -> list[tuple[str, str]]:
    """The fields of a question that the file keeps, each with its fact."""
    return [(field, fact) for field, fact in question.facts.items() if fact]


def _compared(value: object) -> object:
    """Width, spaces and separators make no other answer of it; a telephone number may stand in national form."""
    if value in (None, "", []):
        return None
    if not isinstance(value, str):
        return value
    folded = _SEPARATORS.sub("", fold(value))
    return "0" + folded.removeprefix("+81") if folded.startswith("+81") else folded


def _is_known(value: object) -> bool:
    return value not in (None, "", [])
