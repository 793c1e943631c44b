"""Whether the answers of a questionnaire can be written into the customer file: each question maps to a fact of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext

from customers.codes import COUNTRY_CODES
from customers.facts.catalogue import FACTS
from customers.facts.readers import Reader, register_readers
from customers.facts.selectors import own_facts_in_use
from customers.facts.shape import Fact, Type
from questionnaires.models import QuestionnaireVersion
from questionnaires.schema import Kind, Question, Questionnaire

# What the answers to a kind of question can be kept as.
_FITTING: Mapping[Kind, frozenset[Type]] = {
    Kind.TEXT: frozenset({Type.NAME, Type.KANA, Type.TEXT, Type.DIGITS}),
    Kind.TEL: frozenset({Type.PHONE}),
    Kind.EMAIL: frozenset({Type.EMAIL}),
    Kind.DATE: frozenset({Type.DAY}),
    Kind.YES_NO: frozenset({Type.ANSWER}),
    Kind.RADIO: frozenset({Type.CODE, Type.COUNTRY}),
    Kind.ADDRESS: frozenset({Type.ADDRESS}),
    Kind.PEOPLE: frozenset({Type.OWNERS}),
}


def problems_of(questionnaire: Questionnaire, kind: str, facts: Mapping[str, Fact]) -> list[str]:
    """What would be lost on the way into the file, for operators; ``kind``: of the customers who answer."""
    return [problem for question in questionnaire.questions() for problem in _of(question, kind, facts)]


def facts_to_map() -> dict[str, Fact]:
    """The facts that an answer may be kept as; of the institution's own, those that customers may be asked for."""
    return {**FACTS, **{key: fact for key, fact in own_facts_in_use().items() if fact.asks_customers}}


def _of(question: Question, kind: str, facts: Mapping[str, Fact]) -> Iterator[str]:
    fact = facts.get(question.maps_to)
    if fact is None:
        yield f"{question.id}: there is no fact {question.maps_to!r} in use that customers may be asked for"
    elif kind not in fact.kinds:
        yield f"{question.id}: {fact.key!r} is no fact of a customer of kind {kind}"
    elif fact.type not in _FITTING[question.kind]:
        yield f"{question.id}: an answer of kind {question.kind!s} cannot be kept as {fact.key!r}"
    elif question.kind is Kind.RADIO:
        codes = COUNTRY_CODES if fact.type is Type.COUNTRY else fact.codes or {}
        for choice in question.choices:
            if choice.value not in codes:
                yield f"{question.id}: {choice.value!r} is no code of {fact.key!r}"


def readers(key: str) -> Iterator[Reader]:
    """The questionnaires whose newest version asks for it."""
    versions = QuestionnaireVersion.objects.select_related("questionnaire")
    for version in versions.order_by("questionnaire_id", "-number").distinct("questionnaire_id"):
        questions = (question for page in version.document.get("pages", ()) for question in page.get("questions", ()))
        if any(question.get("maps_to") == key for question in questions):
            yield Reader(
                gettext("Version %(version)s of a questionnaire") % {"version": version.number}, asks_customers=True
            )


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
