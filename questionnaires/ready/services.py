"""What is done about a ready questionnaire that has become newer than what came of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audit.services import Actor, record
from questionnaires import standard
from questionnaires.drafting import DraftRefused, begin_draft
from questionnaires.models import Questionnaire
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
def draft_from_template(*, questionnaire: Questionnaire, actor: Actor, now: datetime) -> None:
    """A draft that says what the ready one says today, without what was changed here. Raises DraftRefused."""
    document = standard.document(questionnaire.template)
    begin_draft(questionnaire=questionnaire, document=document, actor=actor, now=now)
    note_template(questionnaire=questionnaire, actor=actor, now=now)
