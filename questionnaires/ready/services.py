"""What is done about a ready questionnaire that has become newer than what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from audit.services import Actor, record
from questionnaires import standard
from questionnaires.building.differing import Change
from questionnaires.building.parts import Document
from questionnaires.building.taking import Whose, pieces_between, taken, whose_pieces
from questionnaires.drafting import DraftRefused, begin_draft, draft_of, edit_draft, newest_version
from questionnaires.models import Questionnaire, QuestionnaireDraft
from questionnaires.schema import digest_of
from tenants.four_eyes import standing_of
from tenants.permissions import Permission


@transaction.atomic
def note_template(*, questionnaire: Questionnaire, actor: Actor, now: datetime) -> None:
    """Somebody has looked at what is new; told of again when there is something newer. Raises DraftRefused."""
    standing = standing_of(actor, now=now)
    if standing is None or not standing.may(Permission.EDIT_QUESTIONNAIRE):
        raise DraftRefused("")
    Questionnaire.objects.filter(pk=questionnaire.pk).update(**standard.origin(questionnaire.template))
    record("questionnaire.template_noted", target=questionnaire, actor=actor, at=now, template=questionnaire.template)


@transaction.atomic
def take_from_template(
    *, questionnaire: Questionnaire, pieces: Collection[str] | None, actor: Actor, now: datetime
) -> QuestionnaireDraft:
    """Into the draft that is being written, or a new one, what the ready questionnaire says otherwise.

    ``pieces``: the keys of the changes; None for all that is new in the template and was not changed here, or, where
    that cannot be told, for the template as it is. Once nothing of it is left the news count as looked at.

    Raises:
        DraftRefused
    """
    source, base = standard.document(questionnaire.template), origin_of(questionnaire)

    def edited(held: Document) -> Document:
        if pieces is None and base is None:
            return {**source, "id": held["id"]}
        return taken(held, source, _news(held, source, base) if pieces is None else pieces)

    draft = draft_of(questionnaire)
    if draft is None:
        document = edited(compared_with(questionnaire))
        draft = begin_draft(questionnaire=questionnaire, document=document, actor=actor, now=now)
    else:
        edit_draft(draft=draft, revision=draft.revision, edit=edited, actor=actor, now=now)
    left = told_apart(draft.document, source, base, "ja")
    if not left[Whose.NEWS] and not left[Whose.CONFLICT]:
        note_template(questionnaire=questionnaire, actor=actor, now=now)
    return draft


def compared_with(questionnaire: Questionnaire) -> Document:
    """What the news of a template are compared with: the draft that is being written, or the version in force."""
    if draft := draft_of(questionnaire):
        return dict(draft.document)
    version = newest_version(questionnaire)
    return dict(version.document) if version else {"id": questionnaire.key, "pages": [], "languages": [], "title": {}}


def origin_of(questionnaire: Questionnaire) -> Document | None:
    """The state of its template that it began as, or that somebody looked at last; None if it was not kept."""
    kept: Document | None = questionnaire.template_document
    return kept if kept and digest_of(kept) == questionnaire.template_sha256 else None


def told_apart(document: Document, source: Document, base: Document | None, language: str) -> dict[Whose, list[Change]]:
    """What a template says otherwise, by who changed it since ``base``; without one, all of it may be new."""
    if base is None:
        return {Whose.NEWS: pieces_between(document, source, language), Whose.CONFLICT: [], Whose.OWN: []}
    return whose_pieces(document, source, base, language)


def _news(document: Document, source: Document, base: Document | None) -> set[str]:
    return {change.key for change in told_apart(document, source, base, "ja")[Whose.NEWS]}
