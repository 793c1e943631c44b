"""Reads of questionnaires and responses."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from uuid import UUID

from questionnaires import schema, shaping
from questionnaires.models import QuestionnaireVersion, Response
from questionnaires.standard import STANDARD

# By the hash that was checked, so that a page need not read the document again.
_PARSED: OrderedDict[str, schema.Questionnaire] = OrderedDict()
_KEPT = 64


class NotPublished(LookupError):
    """The tenant has no published version of a questionnaire that somebody is to answer."""


def latest_versions() -> dict[str, QuestionnaireVersion]:
    """The newest version of each questionnaire, by its key; documents are not loaded."""
    versions = QuestionnaireVersion.objects.select_related("questionnaire").defer(
        "document", "questionnaire__template_document"
    )
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
    """The parsed questions of a version; read and parsed once for each distinct document.

    Raises:
        InvalidQuestionnaire: the document is not the one that was published under this hash.
    """
    known = _PARSED.get(version.sha256)
    if known is None:
        known = shaping.parse_json(schema.canonical(version.document))
        if known.digest != version.sha256:
            sha256 = version.sha256[:12]
            raise schema.InvalidQuestionnaire(f"version {sha256}: this is not the document that was published")
        _PARSED[version.sha256] = known
        while len(_PARSED) > _KEPT:
            _PARSED.popitem(last=False)
    return known


def response_of(reference: UUID) -> Response | None:
    """The response to one review, with its version and its customer."""
    return Response.objects.select_related("version", "customer").filter(reference=reference).first()


def decoy_response() -> Response | None:
    """Any response at all, to be read where there is none, so that this takes as long as reading the right one."""
    return Response.objects.select_related("version", "customer").order_by("pk").first()


def responses_of(references: Sequence[UUID]) -> dict[UUID, Response]:
    """Responses by reference, in one query."""
    return {response.reference: response for response in Response.objects.filter(reference__in=references)}
