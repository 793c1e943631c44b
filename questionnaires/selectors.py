"""Reads of questionnaires and responses."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from questionnaires import schema, shaping
from questionnaires.models import QuestionnaireVersion, Response
from questionnaires.standard import STANDARD


class NotPublished(LookupError):
    """The tenant has no published version of a questionnaire that somebody is to answer."""


def latest_versions() -> dict[str, QuestionnaireVersion]:
    """The newest version of each questionnaire, by its key; documents are not loaded."""
    versions = QuestionnaireVersion.objects.select_related("questionnaire").defer("document")
    newest = versions.order_by("questionnaire_id", "-number").distinct("questionnaire_id")
    return {version.questionnaire.key: version for version in newest}


def version_for(
    kind: str, versions: Mapping[str, QuestionnaireVersion], chosen: Mapping[str, str] = STANDARD
) -> QuestionnaireVersion:
    """The version that a customer of this kind (Customer.Kind) answers. Raises NotPublished.

    ``chosen``: the key of the questionnaire by kind; what is not in it is the standard one.
    """
    found = versions.get(chosen.get(kind, STANDARD[kind]))
    if found is None or found.questionnaire.audience != kind:
        raise NotPublished(f"No questionnaire is published for customers of kind {kind}.")
    return found


def offered_to(kind: str, versions: Mapping[str, QuestionnaireVersion]) -> list[QuestionnaireVersion]:
    """The questionnaires in force for customers of this kind, the standard one first."""
    found = [version for version in versions.values() if version.questionnaire.audience == kind]
    return sorted(found, key=lambda one: (one.questionnaire.key != STANDARD[kind], one.questionnaire.key))


def questionnaire_of(version: QuestionnaireVersion) -> schema.Questionnaire:
    """The parsed questions of a version; parsed once for each distinct document."""
    return _parsed(version.sha256, schema.canonical(version.document))


def response_of(reference: UUID) -> Response | None:
    """The response to one review, with its version and its customer."""
    return Response.objects.select_related("version", "customer").filter(reference=reference).first()


def decoy_response() -> Response | None:
    """Any response at all, to be read where there is none, so that this takes as long as reading the right one."""
    return Response.objects.select_related("version", "customer").order_by("pk").first()


def responses_of(references: Sequence[UUID]) -> dict[UUID, Response]:
    """Responses by reference, in one query."""
    return {response.reference: response for response in Response.objects.filter(reference__in=references)}


@lru_cache(maxsize=64)
def _parsed(sha256: str, document: bytes) -> schema.Questionnaire:
    questionnaire = shaping.parse_json(document)
    if questionnaire.digest != sha256:
        raise schema.InvalidQuestionnaire(f"version {sha256[:12]}: this is not the document that was published")
    return questionnaire
