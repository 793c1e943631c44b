"""Whether the answers of a questionnaire can be written into the customer file: each question maps to a fact of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from customers.codes import COUNTRY_CODES
from customers.facts.catalogue import FACTS
from customers.facts.readers import Reader, register_readers
from customers.facts.selectors import own_facts_in_use
from customers.facts.shape import Fact, Type
from questionnaires.listing import retired_among
from questionnaires.models import QuestionnaireVersion
from questionnaires.schema import Calculation, InvalidQuestionnaire, Kind, Question, Questionnaire, Working

# What the answers to a kind of question can be kept as.
_FITTING: Mapping[Kind, frozenset[Type]] = {
    Kind.TEXT: frozenset({Type.NAME, Type.KANA, Type.TEXT, Type.DIGITS}),
    Kind.PARAGRAPH: frozenset({Type.TEXT}),
    Kind.NAME: frozenset({Type.NAME}),
    Kind.NUMBER: frozenset({Type.NUMBER}),
    Kind.AMOUNT: frozenset({Type.AMOUNT}),
    Kind.BAND: frozenset({Type.AMOUNT}),
    Kind.DATE: frozenset({Type.DAY}),
    Kind.TEL: frozenset({Type.PHONE}),
    Kind.EMAIL: frozenset({Type.EMAIL}),
    Kind.ADDRESS: frozenset({Type.ADDRESS}),
    Kind.RADIO: frozenset({Type.CODE, Type.COUNTRY}),
    Kind.CHECKBOXES: frozenset({Type.CODES, Type.COUNTRIES}),
    Kind.YES_NO: frozenset({Type.ANSWER}),
    Kind.COUNTRY: frozenset({Type.COUNTRY}),
    Kind.PEOPLE: frozenset({Type.OWNERS}),
    Kind.DECLARATION: frozenset({Type.ANSWER}),
    Kind.INFORMATION: frozenset(),
    Kind.FILE: frozenset(),
    Kind.EKYC: frozenset(),
}
_FITTING_CALCULATED: Mapping[Working, frozenset[Type]] = {
    Working.HOLDS: frozenset({Type.ANSWER}),
    Working.SUM: frozenset({Type.NUMBER, Type.AMOUNT}),
    Working.COUNT: frozenset({Type.NUMBER}),
}
_OWNER_FIELDS = frozenset({"name", "birth_on", "share_percent", "is_pep"})


def problems_of(questionnaire: Questionnaire, kind: str, facts: Mapping[str, Fact]) -> list[InvalidQuestionnaire]:
    """What would be lost on the way into the file; ``kind``: of the customers who answer.

    A question that maps to no fact stays with the answers, and so loses nothing.
    """
    asked = [problem for question in questionnaire.questions() for problem in _of(question, kind, facts)]
    return asked + [problem for one in questionnaire.calculated for problem in _of_calculated(one, kind, facts)]


def facts_to_map() -> dict[str, Fact]:
    """The facts that an answer may be kept as; of the institution's own, those that customers may be asked for."""
    return {**FACTS, **{key: fact for key, fact in own_facts_in_use().items() if fact.asks_customers}}


def facts_fitting(kind: Kind, audience: str) -> dict[str, Fact]:
    """The facts of such customers that the answer to a kind of question may be kept as."""
    fitting = _FITTING[kind]
    return {key: fact for key, fact in facts_to_map().items() if audience in fact.kinds and fact.type in fitting}


def facts_fitting_calculated(working: Working, audience: str) -> dict[str, Fact]:
    """The facts of such customers that a value worked out so may be kept as."""
    fitting = _FITTING_CALCULATED[working]
    return {key: fact for key, fact in facts_to_map().items() if audience in fact.kinds and fact.type in fitting}


def _of(question: Question, kind: str, facts: Mapping[str, Fact]) -> Iterator[InvalidQuestionnaire]:
    for key in filter(None, question.facts.values()):
        fact = facts.get(key)
        is_own = key == question.maps_to
        if wrong := _unfit(key, fact, kind, _FITTING[question.kind] if is_own else None):
            yield _problem(question.id, wrong, key=key, kind=kind)
        elif fact and is_own and question.choices:
            codes = COUNTRY_CODES if fact.type in (Type.COUNTRY, Type.COUNTRIES) else fact.codes or {}
            for choice in question.choices:
                if choice.value not in codes:
                    yield _problem(question.id, _("'%(value)s' is no code of '%(key)s'"), value=choice.value, key=key)
            if gone := retired_among(question):
                said = _("it offers what your list offers no more: %(codes)s")
                yield _problem(question.id, said, codes=", ".join(gone))
    if question.kind is Kind.PEOPLE and question.maps_to and (lost := _OWNER_FIELDS.difference(question.person_fields)):
        yield _problem(question.id, _("owners are kept with %(names)s"), names=", ".join(sorted(lost)))


def _of_calculated(one: Calculation, kind: str, facts: Mapping[str, Fact]) -> Iterator[InvalidQuestionnaire]:
    if one.fact and (wrong := _unfit(one.fact, facts.get(one.fact), kind, _FITTING_CALCULATED[one.working])):
        yield _problem(one.id, wrong, key=one.fact, kind=kind)


def _problem(name: str, reason: str, **params: object) -> InvalidQuestionnaire:
    text = f"{name}: {reason % params}"
    return InvalidQuestionnaire(text, reason=reason, params=params, question=name, part="maps_to")


def _unfit(key: str, fact: Fact | None, kind: str, fitting: frozenset[Type] | None) -> str:
    """Why an answer cannot be kept as a fact; "" if it can. What follows from a question's own fact fits by itself."""
    if fact is None:
        return _("there is no fact '%(key)s' in use that customers may be asked for")
    if kind not in fact.kinds:
        return _("'%(key)s' is no fact of a customer of kind %(kind)s")
    is_unfit = fitting is not None and fact.type not in fitting
    return _("its answer cannot be kept as '%(key)s'") if is_unfit else ""


def readers(key: str) -> Iterator[Reader]:
    """The questionnaires whose newest version asks for it."""
    versions = QuestionnaireVersion.objects.select_related("questionnaire")
    for version in versions.order_by("questionnaire_id", "-number").distinct("questionnaire_id"):
        if key in facts_kept_by(version.document):
            words = gettext("Version %(version)s of a questionnaire") % {"version": version.number}
            yield Reader(words, asks_customers=True)


def facts_kept_by(document: Mapping[str, Any]) -> set[str]:
    """The facts that answers to a published document become."""
    questions = [question for page in document.get("pages", ()) for question in page.get("questions", ())]
    return {part["maps_to"] for part in [*questions, *document.get("calculated", ())] if part.get("maps_to")}


def register() -> None:
    """Called when the apps are ready."""
    register_readers(readers)
