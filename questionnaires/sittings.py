"""A response while it is being answered, by the customer or by somebody for them: what is asked, what is on file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from questionnaires import schema
from questionnaires.models import Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """All that the pages of questions need to know."""

    response: Response
    questionnaire: schema.Questionnaire
    facts: Mapping[str, object]
    typed: frozenset[str]  # pages filled in during this sitting: only these are shown as typed

    @property
    def route(self) -> list[str]:
        """The pages that are asked, in order."""
        return schema.route(self.questionnaire, self.response.answers)

    @property
    def next_page(self) -> str | None:
        """The first page without an answer."""
        return schema.next_page(self.questionnaire, self.response.answers)

    def held(self, page: schema.Page) -> dict[str, object]:
        """What the file says, of the questions it answers whole; empty for pages that are always asked."""
        questions = [q for q in page.questions if all(_is_known(self.facts.get(field)) for field in q.fields)]
        return {field: self.facts[field] for question in questions for field in question.fields} if page.block else {}

    def known(self, page: schema.Page) -> dict[str, object]:
        """The file's values of a page that can be confirmed as a whole; empty if something required is missing."""
        held = self.held(page)
        required = [f for question in page.questions if question.required for f in question.fields]
        return held if all(field in held for field in required) else {}


def _is_known(value: object) -> bool:
    return value not in (None, "", [])
