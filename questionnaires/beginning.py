"""Questionnaires begun with a whole document, such as a ready one or what stood in a workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.services import Actor, record
from questionnaires import standard
from questionnaires.drafting import begin_draft
from questionnaires.models import Questionnaire, QuestionnaireDraft

_LONGEST = 40


@transaction.atomic
def begin_with_document(
    *,
    name: str,
    name_en: str,
    audience: str,
    document: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    template: str = "",
) -> QuestionnaireDraft:
    """A new questionnaire with its first draft. ``template``: the key of the ready one that it begins as.

    Raises:
        DraftRefused: the actor may not write questionnaires.
    """
    questionnaire: Questionnaire = Questionnaire.objects.create(
        key=_free_key(template or str(document.get("id", ""))),
        audience=audience,
        name=name,
        name_en=name_en,
        template=template,
        template_sha256=standard.questionnaire(template).digest if template else "",
    )
    record("questionnaire.begun", target=questionnaire, actor=actor, at=now, key=questionnaire.key, template=template)
    return begin_draft(questionnaire=questionnaire, actor=actor, now=now, document=document)


def _free_key(wanted: str) -> str:
    """The key that was wanted, or with a number behind it; a race for it ends at the unique constraint."""
    stem = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[: _LONGEST - 4] or "questionnaire"
    taken = set(Questionnaire.objects.filter(key__startswith=stem).values_list("key", flat=True))
    return next(key for key in (stem, *(f"{stem}-{number}" for number in range(2, 1_000))) if key not in taken)
