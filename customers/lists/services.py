"""Writing lists: drafts, who may change them, and the second person who puts them in force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from customers.codes import Label
from customers.lists.content import Content, Problem, content_from, is_key, problems_of, tidied
from customers.lists.models import CodeList, CodeListDraft
from customers.lists.selectors import content_of_version, draft_of, forget_lists, versions_of
from customers.lists.standard import STANDARD_KEYS
from tenants.drafts import DraftRefused, DraftSteps, begun_by
from tenants.permissions import Permission
from tenants.turns import take_turn

MOST_LISTS = 60
_ONE_AT_A_TIME = 4_312  # advisory lock class; the key within it is the tenant

type Edit = Callable[[Content], Content]


class ListRefused(DraftRefused):
    """The list cannot be written so."""


class ListChanged(ListRefused):
    """Somebody else changed the draft after it was read; what was typed is the caller's to keep."""

    def __init__(self, draft: CodeListDraft) -> None:
        super().__init__(_("Somebody else has changed this draft since you opened it."))
        self.draft = draft


class ListInvalid(ListRefused):
    """Something is wrong with the list; every problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("The list still has errors. Correct them first."))
        self.problems = list(problems)


_STEPS = DraftSteps(ListRefused)


@transaction.atomic
def begin_draft(
    *, key: str, actor: Actor, now: datetime, number: int | None = None, name: Label | None = None
) -> CodeListDraft:
    """Begin a new version: of the one in force, or of the version ``number``; with ``name``, a list of one's own.

    Raises:
        ListRefused: the actor may not; another draft is being written; there is no such version; or the key of a new
            list is none or taken.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    take_turn(_ONE_AT_A_TIME)
    if draft_of(key) is not None:
        raise ListRefused(_("A draft of this list is being written already. Finish it or throw it away."))
    newest = _newest(key)
    content: Content | None
    if name is not None:
        _refuse_key(key, newest)
        content = Content(name, ())
    else:
        content = content_of_version(key, newest if number is None else number)
        if content is not None and number is not None:
            content = _with_what_came_later(content, content_of_version(key, newest))
    if content is None:
        raise ListRefused(_("There is no such version."))
    draft: CodeListDraft = CodeListDraft.objects.create(
        key=key,
        based_on=newest,
        document=content.document(),
        **begun_by(standing, now),
    )
    record("codelistdraft.begun", target=draft, actor=actor, at=now, key=key, based_on=newest)
    return draft


@transaction.atomic
def edit_draft(*, draft: CodeListDraft, revision: int, edit: Edit, actor: Actor, now: datetime) -> None:
    """Change a draft. ``revision``: of the draft as the person read it. ``edit`` gives the new list of the old.

    Raises:
        ListChanged: somebody else was faster.
        ListRefused: the actor may not, it is no draft any more, or the edit itself refuses.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    held = _held(draft)
    _STEPS.check_written(held)
    if held.revision != revision:
        raise ListChanged(held)
    document = tidied(edit(content_from(held.document))).document()
    if document != held.document:
        held.rewrite(document, standing, now)
        held.save()
        record("codelistdraft.written", target=held, actor=actor, at=now, key=held.key, revision=held.revision)
    draft.refresh_from_db()


@transaction.atomic
def propose_draft(*, draft: CodeListDraft, revision: int, actor: Actor, now: datetime) -> None:
    """Ask a second person.

    Raises:
        ListChanged: somebody changed it meanwhile.
        ListInvalid: something is wrong with it.
        ListRefused: the actor may not, or it says what is in force already.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    held = _held(draft)
    if held.revision != revision:
        raise ListChanged(held)
    newest = _newest(held.key)
    _check(held, newest)
    _STEPS.propose_draft(held, standing, newest, actor=actor, now=now)
    draft.refresh_from_db()


@transaction.atomic
def approve_draft(*, draft: CodeListDraft, seen_hash: str, actor: Actor, now: datetime) -> CodeList:
    """Put it in force. ``seen_hash``: the digest of what the approver's page showed.

    Raises:
        ListInvalid: something is wrong with it.
        ListRefused: the actor wrote in it or proposed it, under whatever account; may not approve; it is not what they
            saw; or another version was published since.
    """
    standing = _STEPS.standing(actor, Permission.APPROVE_SETTINGS, now=now)
    take_turn(_ONE_AT_A_TIME)
    held = _held(draft)
    content, newest = content_from(held.document), _newest(held.key)
    _STEPS.check_approval(held, standing, is_seen=seen_hash == content.digest, newest=newest)
    _check(held, newest)
    _STEPS.publish_draft(held, standing, newest + 1, actor=actor, now=now)
    version: CodeList = CodeList.objects.create(
        key=held.key, number=newest + 1, document=held.document, sha256=content.digest, published_at=now
    )
    record(
        "codelist.published",
        target=version,
        actor=actor,
        at=now,
        key=version.key,
        version=version.number,
        sha256=version.sha256,
    )
    forget_lists()
    draft.refresh_from_db()
    return version


@transaction.atomic
def return_draft(*, draft: CodeListDraft, reason: str, actor: Actor, now: datetime) -> None:
    """Reject it with a reason: it goes back to whoever wrote it. One may take back what one proposed.

    Raises:
        ListRefused: the actor may neither approve nor did write it, or it is decided already.
    """
    _STEPS.return_draft(_held(draft), Permission.APPROVE_SETTINGS, reason, actor=actor, now=now)
    draft.refresh_from_db()


@transaction.atomic
def discard_draft(*, draft: CodeListDraft, actor: Actor, now: datetime) -> None:
    """Throw a draft away. Raises ListRefused: the actor may not, or it is no draft any more."""
    _STEPS.discard_draft(_held(draft), Permission.MANAGE_SETTINGS, actor=actor, now=now)
    draft.refresh_from_db()


def base_of(draft: CodeListDraft) -> Content | None:
    """The version that it would follow; None for a list that was never published."""
    return content_of_version(draft.key, _newest(draft.key))


def problems_in(draft: CodeListDraft) -> list[Problem]:
    """Everything that is wrong with a draft."""
    return problems_of(content_from(draft.document), base_of(draft))


def _with_what_came_later(content: Content, newest: Content | None) -> Content:
    """An earlier version as a draft: what came into the list after it stays, and is offered no more."""
    later = [entry for entry in (newest.entries if newest else ()) if content.entry(entry.code) is None]
    entries = (*content.entries, *(replace(entry, is_offered=False) for entry in later))
    groups = (*content.groups, *(words for words in (newest.groups if newest else ()) if words not in content.groups))
    return Content(content.name, entries, groups)


def _refuse_key(key: str, newest: int) -> None:
    if not is_key(key):
        raise ListRefused(_("Up to 40 small letters, digits and underscores, a letter first."))
    if newest or key in STANDARD_KEYS:
        raise ListRefused(_("There is a list of this code already. Choose another code."))
    if CodeList.objects.values("key").distinct().count() >= MOST_LISTS:
        raise ListRefused(_("There are %(count)s lists already, and no more can be kept.") % {"count": MOST_LISTS})


def _newest(key: str) -> int:
    return versions_of(key).values_list("number", flat=True).first() or 0


def _check(draft: CodeListDraft, newest: int) -> None:
    base = content_of_version(draft.key, newest)
    content = content_from(draft.document)
    if problems := problems_of(content, base):
        raise ListInvalid(problems)
    if base is not None and base.digest == content.digest:
        raise ListRefused(_("The draft says what is in force already. There is nothing to approve."))


def _held(draft: CodeListDraft) -> CodeListDraft:
    found: CodeListDraft = CodeListDraft.objects.select_for_update().get(pk=draft.pk)
    return found
