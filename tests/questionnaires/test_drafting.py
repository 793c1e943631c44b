"""A draft is written by some and let through by somebody else; two who write at once lose nothing."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from audit.services import Actor
from questionnaires import standard
from questionnaires.drafting import (
    DraftChanged,
    DraftRefused,
    approve_draft,
    begin_draft,
    discard_draft,
    draft_of,
    edit_draft,
    newest_version,
    propose_draft,
    return_draft,
    undo_edit,
)
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion
from questionnaires.schema import digest_of
from questionnaires.services import publish_standard
from tenants.models import Role, Tenant, User
from tests.conftest import NOW, SYSTEM, MakeUser

Status = QuestionnaireDraft.Status


@pytest.fixture
def individual(in_tenant: Tenant) -> Questionnaire:
    publish_standard(actor=SYSTEM, now=NOW)
    with transaction.atomic():
        found: Questionnaire = Questionnaire.objects.get(key="individual")
    return found


def retitled(words: str) -> Any:
    def edit(document: Mapping[str, Any]) -> Mapping[str, Any]:
        changed = deepcopy(dict(document))
        changed["title"]["ja"] = words
        return changed

    return edit


def begin(questionnaire: Questionnaire, who: User, **how: Any) -> QuestionnaireDraft:
    return begin_draft(questionnaire=questionnaire, actor=Actor.user(who.pk), now=NOW, **how)


def write(draft: QuestionnaireDraft, who: User, words: str) -> None:
    edit_draft(draft=draft, revision=draft.revision, edit=retitled(words), actor=Actor.user(who.pk), now=NOW)


def propose(draft: QuestionnaireDraft, who: User) -> None:
    propose_draft(draft=draft, revision=draft.revision, actor=Actor.user(who.pk), now=NOW)


def approve(draft: QuestionnaireDraft, who: User) -> QuestionnaireVersion:
    return approve_draft(draft=draft, seen_hash=digest_of(draft.document), actor=Actor.user(who.pk), now=NOW)


def test_a_draft_is_published_by_somebody_who_wrote_nothing_in_it(
    individual: Questionnaire, officer: User, approver: User
) -> None:
    draft = begin(individual, officer)
    with transaction.atomic():
        assert (draft.based_on, draft.document) == (1, standard.document("individual"))
    write(draft, officer, "新しい題")
    with pytest.raises(DraftRefused):
        approve(draft, approver)  # nobody asked for it
    propose(draft, officer)
    version = approve(draft, approver)
    assert (version.number, version.document["title"]["ja"]) == (2, "新しい題")
    with transaction.atomic():
        assert newest_version(individual) == version
        held = QuestionnaireDraft.objects.get(pk=draft.pk)
        assert (held.status, held.published_number, held.approved_by) == (Status.APPROVED, 2, approver.pk)
        assert draft_of(individual) is None
        acts = AuditEvent.objects.filter(event__startswith="questionnairedraft.", kind=AuditEvent.Kind.ACT)
        assert sorted(acts.values_list("event", flat=True)) == [
            "questionnairedraft.approved",
            "questionnairedraft.awaiting_approval",
            "questionnairedraft.begun",
            "questionnairedraft.written",
        ]


def test_whoever_wrote_in_it_may_not_approve_it_whatever_they_became(
    individual: Questionnaire, officer: User, make_user: MakeUser, tenant: Tenant
) -> None:
    """A9: not even the first of several writers, who has become an approver since."""
    second = make_user(tenant, Role.OFFICER, "second")
    approver = make_user(tenant, Role.APPROVER, "approver-of-this")
    draft = begin(individual, officer)
    write(draft, second, "二人目の題")
    propose(draft, second)
    with transaction.atomic():
        person = draft.writers[0][1]
        QuestionnaireDraft.objects.filter(pk=draft.pk).update(
            writers=[[approver.pk, person], *draft.writers[1:]], drafted_by=second.pk
        )
        draft.refresh_from_db()
    with pytest.raises(DraftRefused, match=r"yourself|自分|ご自身"):
        approve(draft, approver)
    with pytest.raises(IntegrityError, match="questionnaire_draft_four_eyes"), transaction.atomic():
        QuestionnaireDraft.objects.update(approved_by=second.pk, approved_person=draft.drafted_person)


def test_the_second_of_two_writers_is_told_and_overwrites_nothing(
    individual: Questionnaire, officer: User, make_user: MakeUser, tenant: Tenant
) -> None:
    second = make_user(tenant, Role.OFFICER, "second")
    draft = begin(individual, officer)
    with transaction.atomic():
        same = QuestionnaireDraft.objects.get(pk=draft.pk)
    write(draft, officer, "一人目")
    with pytest.raises(DraftChanged) as changed:
        write(same, second, "二人目")
    assert changed.value.draft.document["title"]["ja"] == "一人目"
    write(changed.value.draft, second, "二人目")
    with transaction.atomic():
        held = QuestionnaireDraft.objects.get(pk=draft.pk)
        assert (held.document["title"]["ja"], held.revision) == ("二人目", 3)
        assert [account for account, _ in held.writers] == [officer.pk, second.pk]


def test_undoing_restores_and_undoing_again_makes_it_again(individual: Questionnaire, officer: User) -> None:
    draft = begin(individual, officer)
    with pytest.raises(DraftRefused):
        undo_edit(draft=draft, revision=draft.revision, actor=Actor.user(officer.pk), now=NOW)
    before = draft.document
    write(draft, officer, "新しい題")
    after = draft.document
    undo_edit(draft=draft, revision=draft.revision, actor=Actor.user(officer.pk), now=NOW)
    assert draft.document == before
    undo_edit(draft=draft, revision=draft.revision, actor=Actor.user(officer.pk), now=NOW)
    assert draft.document == after


def test_what_is_wrong_may_be_kept_and_cannot_be_proposed(individual: Questionnaire, officer: User) -> None:
    draft = begin(individual, officer)
    with pytest.raises(DraftRefused):
        propose(draft, officer)  # it says what is in force
    write(draft, officer, "")
    with pytest.raises(DraftRefused):
        propose(draft, officer)
    write(draft, officer, "暗証番号を入力してください")
    with pytest.raises(DraftRefused):
        propose(draft, officer)
    assert draft.status == Status.DRAFT


def test_one_draft_at_a_time_until_it_is_thrown_away(individual: Questionnaire, officer: User, approver: User) -> None:
    draft = begin(individual, officer)
    with pytest.raises(DraftRefused):
        begin(individual, officer)
    with pytest.raises(DraftRefused):
        discard_draft(draft=draft, actor=Actor.user(approver.pk), now=NOW)
    discard_draft(draft=draft, actor=Actor.user(officer.pk), now=NOW)
    with pytest.raises(DraftRefused):
        write(draft, officer, "新しい題")
    begin(individual, officer)


def test_going_back_is_a_new_version_with_the_older_document(
    individual: Questionnaire, officer: User, approver: User
) -> None:
    first = begin(individual, officer)
    write(first, officer, "新しい題")
    propose(first, officer)
    approve(first, approver)
    with pytest.raises(DraftRefused):
        begin(individual, officer, number=9)
    back = begin(individual, officer, number=1)
    propose(back, officer)
    version = approve(back, approver)
    assert (version.number, version.document) == (3, standard.document("individual"))


def test_it_is_returned_with_a_reason_and_proposed_again(
    individual: Questionnaire, officer: User, approver: User
) -> None:
    draft = begin(individual, officer)
    write(draft, officer, "新しい題")
    propose(draft, officer)
    with pytest.raises(DraftRefused):
        write(draft, officer, "こっそり")
    return_draft(draft=draft, reason="題を短く", actor=Actor.user(approver.pk), now=NOW)
    assert (draft.status, draft.return_reason) == (Status.DRAFT, "題を短く")
    with pytest.raises(DraftRefused):
        return_draft(draft=draft, reason="もう一度", actor=Actor.user(approver.pk), now=NOW)
    write(draft, officer, "題")
    propose(draft, officer)
    assert draft.return_reason == ""


def test_a_version_published_meanwhile_stops_the_approval(
    individual: Questionnaire, officer: User, approver: User
) -> None:
    draft = begin(individual, officer)
    write(draft, officer, "新しい題")
    propose(draft, officer)
    with transaction.atomic():
        QuestionnaireVersion.objects.create(
            questionnaire=individual, number=2, document={}, sha256="0" * 64, published_at=NOW
        )
    with pytest.raises(DraftRefused):
        approve(draft, approver)
    with pytest.raises(DraftRefused):
        approve_draft(draft=draft, seen_hash="0" * 64, actor=Actor.user(approver.pk), now=NOW)
