"""What is done about a ready questionnaire that has become newer than what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from audit.services import Actor, record
from questionnaires import standard
from questionnaires.building.parts import Document
from questionnaires.building.taking import pieces_between, taken
from questionnaires.drafting import DraftRefused, begin_draft, draft_of, edit_draft, newest_version
from questionnaires.models import Questionnaire, QuestionnaireDraft
from tenants.four_eyes import standing_of
from tenants.permissions import Permission


@transaction.atomic
def note_template(*, questionnaire: Questionnaire, actor: Actor, now: datetime) -> None:
    """Somebody has looked at what is new; told of again when there is something newer. Raises DraftRefused."""
    standing = standing_of(actor, now=now)
    if standing is None or not standing.may(Permission.EDIT_QUESTIONNAIRE):
        raise DraftRefused("")
    digest = standard.questionnaire(questionnaire.template).digest
    Questionnaire.objects.filter(pk=questionnaire.pk).update(template_sha256=digest)
    record("questionnaire.template_noted", target=questionnaire, actor=actor, at=now, template=questionnaire.template)


@transaction.atomic
def take_from_template(
    *, questionnaire: Questionnaire, pieces: Collection[str] | None, actor: Actor, now: datetime
) -> QuestionnaireDraft:
    """Into the draft that is being written, or a new one, what the ready questionnaire says otherwise.

    ``pieces``: the keys of the changes, None for all of them, whatever was changed here. Once nothing differs the news
    count as looked at. Raises DraftRefused.
    """
    source = standard.document(questionnaire.template)
    draft = draft_of(questionnaire)
    if draft is None:
        document = _taken(compared_with(questionnaire), source, pieces)
        draft = begin_draft(questionnaire=questionnaire, document=document, actor=actor, now=now)
    else:
        edit_draft(
            draft=draft, revision=draft.revision, edit=lambda held: _taken(held, source, pieces), actor=actor, now=now
        )
    if not pieces_between(draft.document, source, "ja"):
        note_template(questionnaire=questionnaire, actor=actor, now=now)
    return draft


def compared_with(questionnaire: Questionnaire) -> Document:
    """What the news of a template are compared with: the draft that is being written, or the version in force."""
    if draft := draft_of(questionnaire):
        return dict(draft.document)
    version = newest_version(questionnaire)
    return dict(version.document) if version else {"id": questionnaire.key, "pages": [], "languages": [], "title": {}}


def _taken(document: Document, source: Document, pieces: Collection[str] | None) -> Document:
    return {**source, "id": document["id"]} if pieces is None else taken(document, source, pieces)
