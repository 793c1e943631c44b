"""Reads for the pages of questionnaires: versions, drafts, how many are being asked, and who reads the answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import get_language, gettext

from customers.codes import Label
from customers.facts.readers import Reader, readers_of
from customers.facts.selectors import fact_of
from customers.facts.shape import Fact
from questionnaires.building.parts import Document, name_of, questions_of
from questionnaires.drafting import BEING_WRITTEN
from questionnaires.faults import judge
from questionnaires.listing import list_problems
from questionnaires.mapping import facts_fitting, facts_fitting_calculated, facts_kept_by, facts_to_map, problems_of
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion, Response
from questionnaires.schema import InvalidQuestionnaire, Kind, Working


@dataclass(frozen=True, slots=True)
class Listed:
    """One questionnaire of the list."""

    questionnaire: Questionnaire
    version: QuestionnaireVersion | None
    published_by: QuestionnaireDraft | None
    draft: QuestionnaireDraft | None
    asked: int


@dataclass(frozen=True, slots=True)
class Use:
    """What becomes of one answer, and what reads it then."""

    id: str
    name: str
    fact: str
    readers: tuple[Reader, ...]


def listed() -> list[Listed]:
    """Every questionnaire, in a constant number of queries."""
    versions = QuestionnaireVersion.objects.defer("document").order_by("questionnaire_id", "-number")
    newest = {one.questionnaire_id: one for one in versions.distinct("questionnaire_id")}
    drafts = list(QuestionnaireDraft.objects.defer("document", "before").exclude(status="DISCARDED"))
    open_ones = {one.questionnaire_id: one for one in drafts if one.status in BEING_WRITTEN}
    published = {(one.questionnaire_id, one.published_number): one for one in drafts if one.published_number}
    counts = asked_by_version()
    by_questionnaire: dict[object, int] = {}
    for one in QuestionnaireVersion.objects.filter(pk__in=list(counts)).only("pk", "questionnaire_id"):
        by_questionnaire[one.questionnaire_id] = by_questionnaire.get(one.questionnaire_id, 0) + counts[one.pk]
    return [
        Listed(
            one,
            version := newest.get(one.pk),
            published.get((one.pk, version.number)) if version else None,
            open_ones.get(one.pk),
            by_questionnaire.get(one.pk, 0),
        )
        for one in Questionnaire.objects.order_by("created_at", "key")
    ]


def asked_by_version() -> dict[object, int]:
    """How many are being asked by each version, and stay on it."""
    rows = (
        Response.objects.filter(status__in=Response.UNANSWERED)
        .values("version_id")
        .annotate(count=Count("id"))
        .order_by()
    )
    return {row["version_id"]: row["count"] for row in rows}


def problems_in(draft: QuestionnaireDraft) -> list[InvalidQuestionnaire]:
    """Everything that keeps a draft from being published, each with its place."""
    faults, shaped = judge(draft.document)
    if shaped is None:
        return faults
    unkept = problems_of(shaped, draft.questionnaire.audience, facts_to_map())
    return [*unkept, *list_problems(draft.document)]


def facts_offered(kind: str, audience: str) -> dict[str, str]:
    """What the answers to a kind of question may be kept as, by key in words."""
    return {key: _words(fact) for key, fact in facts_fitting(Kind(kind), audience).items()}


def facts_for_calculated(working: str, audience: str) -> dict[str, str]:
    """What a calculated value may be kept as, by key in words."""
    return {key: _words(fact) for key, fact in facts_fitting_calculated(Working(working), audience).items()}


def uses_of(document: Document, language: str) -> list[Use]:
    """What reads each answer that the customer file keeps."""
    return [_use(name, words, fact) for name, (words, fact) in _kept(document, language).items()]


def breaks_of(document: Document, before: Document | None, language: str) -> list[Use]:
    """Answers of the version in force that nobody gives any more, though something reads them."""
    still = facts_kept_by(document)
    gone = {} if before is None else _kept(before, language)
    found = [_use(name, words, fact) for name, (words, fact) in gone.items() if fact not in still]
    return [use for use in found if use.readers]


def _use(name: str, words: str, key: str) -> Use:
    fact = fact_of(key)
    # A questionnaire's own version is no reader to tell it of.
    readers = tuple(one for one in readers_of(key) if not one.asks_customers)
    return Use(name, words, _words(fact) if fact else key, readers)


def _kept(document: Document, language: str) -> dict[str, tuple[str, str]]:
    asked = [(question["id"], name_of(question, language), question) for _, question in questions_of(document)]
    worked = [(one["id"], one["id"], one) for one in document.get("calculated", ())]
    return {name: (words, part["maps_to"]) for name, words, part in [*asked, *worked] if part.get("maps_to")}


def _words(fact: Fact) -> str:
    words: Label | None = fact.words
    return words.in_language(get_language() or "ja") if words else gettext(fact.label) if fact.label else fact.key


def people_in(drafts: Iterable[QuestionnaireDraft]) -> list[int]:
    """The accounts that a page of drafts names."""
    return [user for one in drafts for user in (one.drafted_by, one.submitted_by, one.approved_by) if user]
