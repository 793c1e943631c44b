"""Writing questionnaires: drafts, who may change them, and the second person who has them published."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from questionnaires import standard
from questionnaires.building.editing import add_page
from questionnaires.building.parts import EditRefused
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion
from questionnaires.schema import InvalidQuestionnaire, digest_of
from questionnaires.services import publish
from questionnaires.shaping import parse
from tenants import drafts
from tenants.drafts import DraftSteps, begun_by
from tenants.permissions import Permission
from tenants.turns import take_turn

type Document = Mapping[str, Any]
type Edit = Callable[[Document], Document]

Status = QuestionnaireDraft.Status
BEING_WRITTEN = (Status.DRAFT, Status.AWAITING_APPROVAL)
_LONGEST_KEY = 40
_ONE_AT_A_TIME = 4_311  # advisory lock class; the key within it is the tenant


class DraftRefused(drafts.DraftRefused):
    """The questionnaire cannot be written so."""


class DraftChanged(DraftRefused):
    """Somebody else changed the draft after it was read; what was typed is the caller's to keep."""

    def __init__(self, draft: QuestionnaireDraft) -> None:
        super().__init__(_("Somebody else has changed this draft since you opened it."))
        self.draft = draft


_STEPS = DraftSteps(DraftRefused)


@transaction.atomic
def begin_draft(
    *,
    questionnaire: Questionnaire,
    actor: Actor,
    now: datetime,
    document: Document | None = None,
    number: int | None = None,
) -> QuestionnaireDraft:
    """Begin a new version: with a document, or with that of the version ``number``, or with the one in force.

    Going back to an earlier version is such a draft too. The document may be wrong; it is judged before approval.

    Raises:
        DraftRefused: the actor may not; another draft is being written; or there is no such version.
    """
    standing = _STEPS.standing(actor, Permission.EDIT_QUESTIONNAIRE, now=now)
    take_turn(_ONE_AT_A_TIME)
    if draft_of(questionnaire) is not None:
        raise DraftRefused(_("A draft of this questionnaire is being written already. Finish it or throw it away."))
    newest = newest_version(questionnaire)
    if document is None:
        source = newest if number is None else questionnaire.versions.filter(number=number).first()
        if source is None:
            raise DraftRefused(_("There is no such version."))
        document = source.document
    draft: QuestionnaireDraft = QuestionnaireDraft.objects.create(
        questionnaire=questionnaire,
        based_on=newest.number if newest else 0,
        document=dict(document),
        **begun_by(standing, now),
    )
    record("questionnairedraft.begun", target=draft, actor=actor, at=now, **_told(draft), of=number or draft.based_on)
    return draft


@transaction.atomic
def begin_questionnaire(
    *,
    audience: str,
    name: str,
    name_en: str,
    actor: Actor,
    now: datetime,
    key: str = "",
    document: Document | None = None,
    template: str = "",
) -> QuestionnaireDraft:
    """Begin something that was never asked: with a document, or with one page that has no words yet.

    ``key``: what files call it; "" takes the document's own, with a number behind it if that is taken.
    ``template``: the key of the ready questionnaire that it begins as.

    Raises:
        DraftRefused: the actor may not.
        IntegrityError: the key is taken.
    """
    _STEPS.standing(actor, Permission.EDIT_QUESTIONNAIRE, now=now)
    made: Questionnaire = Questionnaire.objects.create(
        key=key or _free_key(template or str((document or {}).get("id", ""))),
        audience=audience,
        name=name,
        name_en=name_en,
        template=template,
        **(standard.origin(template) if template else {}),
    )
    record("questionnaire.begun", target=made, actor=actor, at=now, key=made.key, template=template)
    return begin_draft(questionnaire=made, document=document or _blank(made), actor=actor, now=now)


@transaction.atomic
def edit_draft(*, draft: QuestionnaireDraft, revision: int, edit: Edit, actor: Actor, now: datetime) -> None:
    """Change a draft. ``revision``: of the draft as the person read it. ``edit`` gives the new document of the old.

    Raises:
        DraftChanged: somebody else was faster.
        DraftRefused: the actor may not, it is no draft any more, or the edit itself refuses.
    """
    _write(draft, revision, lambda held: edit(held.document), actor, now)


@transaction.atomic
def undo_edit(*, draft: QuestionnaireDraft, revision: int, actor: Actor, now: datetime) -> None:
    """Take the last change back; done twice, it is made again. Raises as `edit_draft`."""

    def earlier(held: QuestionnaireDraft) -> Document:
        if held.before is None:
            raise DraftRefused(_("There is nothing to take back."))
        return dict(held.before)

    _write(draft, revision, earlier, actor, now)


@transaction.atomic
def propose_draft(*, draft: QuestionnaireDraft, revision: int, actor: Actor, now: datetime) -> None:
    """Ask a second person.

    Raises:
        DraftChanged: somebody changed it meanwhile.
        DraftRefused: the actor may not, it has errors, or it says what is in force already.
    """
    standing = _STEPS.standing(actor, Permission.EDIT_QUESTIONNAIRE, now=now)
    held = _held(draft)
    if held.revision != revision:
        raise DraftChanged(held)
    newest = newest_version(held.questionnaire)
    _check(held, newest)
    _STEPS.propose_draft(held, standing, newest.number if newest else 0, actor=actor, now=now)
    draft.refresh_from_db()


@transaction.atomic
def approve_draft(*, draft: QuestionnaireDraft, seen_hash: str, actor: Actor, now: datetime) -> QuestionnaireVersion:
    """Publish it; who is being asked already stays on their version. ``seen_hash``: of what the approver's page showed.

    Raises:
        DraftRefused: the actor wrote in it or asked for approval, under whatever account; may not approve; it is not
            what they saw; it has errors; or another version was published since.
    """
    standing = _STEPS.standing(actor, Permission.APPROVE_QUESTIONNAIRE, now=now)
    take_turn(_ONE_AT_A_TIME)
    held = _held(draft)
    newest = newest_version(held.questionnaire)
    is_seen, number = seen_hash == digest_of(held.document), newest.number if newest else 0
    _STEPS.check_approval(held, standing, is_seen=is_seen, newest=number)
    _check(held, newest)
    try:
        [version] = publish({held.questionnaire.key: held.document}, actor=actor, now=now)
    except InvalidQuestionnaire as error:
        raise DraftRefused(str(error)) from error
    _STEPS.publish_draft(held, standing, version.number, actor=actor, now=now)
    draft.refresh_from_db()
    return version


@transaction.atomic
def return_draft(*, draft: QuestionnaireDraft, reason: str, actor: Actor, now: datetime) -> None:
    """Reject it with a reason: it goes back to whoever wrote it. One may take back what one proposed.

    Raises:
        DraftRefused: the actor may neither approve nor did propose it, or it is decided already.
    """
    _STEPS.return_draft(_held(draft), Permission.APPROVE_QUESTIONNAIRE, reason, actor=actor, now=now)
    draft.refresh_from_db()


@transaction.atomic
def discard_draft(*, draft: QuestionnaireDraft, actor: Actor, now: datetime) -> None:
    """Throw a draft away. Raises DraftRefused: the actor may not, or it is no draft any more."""
    _STEPS.discard_draft(_held(draft), Permission.EDIT_QUESTIONNAIRE, actor=actor, now=now)
    draft.refresh_from_db()


def draft_of(questionnaire: Questionnaire) -> QuestionnaireDraft | None:
    """The draft that is being written, or waits for approval."""
    found: QuestionnaireDraft | None = questionnaire.drafts.filter(status__in=BEING_WRITTEN).first()
    return found


def newest_version(questionnaire: Questionnaire) -> QuestionnaireVersion | None:
    """The version in force."""
    found: QuestionnaireVersion | None = questionnaire.versions.order_by("-number").first()
    return found


def _write(
    draft: QuestionnaireDraft,
    revision: int,
    written: Callable[[QuestionnaireDraft], Document],
    actor: Actor,
    now: datetime,
) -> None:
    standing = _STEPS.standing(actor, Permission.EDIT_QUESTIONNAIRE, now=now)
    held = _held(draft)
    _STEPS.check_written(held)
    try:
        document = dict(written(held))
    except EditRefused as error:
        raise DraftRefused(str(error)) from error
    if document != held.document:  # what says nothing new may be sent twice
        if held.revision != revision:
            raise DraftChanged(held)
        held.before = held.document
        held.rewrite(document, standing, now)
        held.save()
        record("questionnairedraft.written", target=held, actor=actor, at=now, **_told(held), revision=held.revision)
    draft.refresh_from_db()


def _check(draft: QuestionnaireDraft, newest: QuestionnaireVersion | None) -> None:
    try:
        digest = parse(draft.document).digest
    except InvalidQuestionnaire as error:
        raise DraftRefused(_("The draft still has errors. Correct them first.")) from error
    if newest is not None and newest.sha256 == digest:
        raise DraftRefused(_("The draft says what the version in force says already."))


def _blank(questionnaire: Questionnaire) -> Document:
    title = {"ja": questionnaire.name, "en": questionnaire.name_en}
    head = {"id": questionnaire.key, "title": title, "languages": ["ja", "en"], "default_language": "ja", "pages": []}
    return add_page(head)


def _free_key(wanted: str) -> str:
    """The key that was wanted, or with a number behind it; a race for it ends at the unique constraint."""
    stem = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[: _LONGEST_KEY - 4] or "questionnaire"
    taken = set(Questionnaire.objects.filter(key__startswith=stem).values_list("key", flat=True))
    return next(key for key in (stem, *(f"{stem}-{number}" for number in range(2, 1_000))) if key not in taken)


def _told(draft: QuestionnaireDraft) -> dict[str, object]:
    return {"key": draft.questionnaire.key}


def _held(draft: QuestionnaireDraft) -> QuestionnaireDraft:
    rows = QuestionnaireDraft.objects.select_for_update(of=("self",), no_key=True).select_related("questionnaire")
    held: QuestionnaireDraft = rows.get(pk=draft.pk)
    return held
