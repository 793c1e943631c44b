"""Writing lists: drafts, who may change them, and the second person who puts them in force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, transition
from customers.codes import Label
from customers.lists.content import Content, Problem, content_from, is_key, problems_of, tidied
from customers.lists.models import CodeList, CodeListDraft
from customers.lists.selectors import content_of_version, draft_of, forget_lists, versions_of
from customers.lists.standard import STANDARD_KEYS
from tenants.four_eyes import Standing, standing_of
from tenants.permissions import Permission
from tenants.scoping import required_tenant_id

MOST_LISTS = 60
_STATUS = CodeListDraft.Status
_ONE_AT_A_TIME = 4_312  # advisory lock class; the key within it is the tenant

type Edit = Callable[[Content], Content]


class ListRefused(Exception):
    """What was asked for is not possible; its text is a sentence for the person who asked."""

    def __init__(self, why: str | Promise) -> None:
        self.why = why
        super().__init__(why)

    def __str__(self) -> str:
        return str(self.why)


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


@transaction.atomic
def begin_draft(
    *, key: str, actor: Actor, now: datetime, number: int | None = None, name: Label | None = None
) -> CodeListDraft:
    """Begin a new version: of the one in force, or of the version ``number``; with ``name``, a list of one's own.

    Raises:
        ListRefused: the actor may not; another draft is being written; there is no such version; or the key of a new
            list is none or taken.
    """
    standing = _standing(actor, Permission.MANAGE_SETTINGS, now)
    _lock()
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
        writers=[[standing.user_id, standing.person]],
        drafted_by=standing.user_id,
        drafted_person=standing.person,
        drafted_at=now,
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
    standing = _standing(actor, Permission.MANAGE_SETTINGS, now)
    held = _held(draft)
    if held.status != _STATUS.DRAFT:
        raise ListRefused(_("Only a draft can be changed. Begin a new one."))
    if held.revision != revision:
        raise ListChanged(held)
    document = tidied(edit(content_from(held.document))).document()
    if document != held.document:
        held.document = document
        held.revision += 1
        held.drafted_by, held.drafted_person, held.drafted_at = standing.user_id, standing.person, now
        if not standing.did(*_writers(held)):
            held.writers = [*held.writers, [standing.user_id, standing.person]]
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
    standing = _standing(actor, Permission.MANAGE_SETTINGS, now)
    held = _held(draft)
    if held.revision != revision:
        raise ListChanged(held)
    newest = _newest(held.key)
    _check(held, newest)
    signed = {"proposed_by": standing.user_id, "proposed_person": standing.person, "proposed_at": now}
    _move(held, _STATUS.PROPOSED, actor=actor, now=now, **signed, based_on=newest, return_reason="")
    draft.refresh_from_db()


@transaction.atomic
def approve_draft(*, draft: CodeListDraft, seen_hash: str, actor: Actor, now: datetime) -> CodeList:
    """Put it in force. ``seen_hash``: the digest of what the approver's page showed.

    Raises:
        ListInvalid: something is wrong with it.
        ListRefused: the actor wrote in it or proposed it, under whatever account; may not approve; it is not what they
            saw; or another version was published since.
    """
    standing = _standing(actor, Permission.APPROVE_SETTINGS, now)
    _lock()
    held = _held(draft)
    if standing.did(*authors_of(held)):
        raise ListRefused(_("You wrote in this draft yourself. Somebody else has to approve it."))
    content = content_from(held.document)
    if seen_hash != content.digest:
        raise ListRefused(_("The draft has changed since you opened it. Reload it and look again."))
    newest = _newest(held.key)
    if held.based_on != newest:
        raise ListRefused(_("Another version was published meanwhile. Return the draft, and have it proposed anew."))
    _check(held, newest)
    signed = {"approved_by": standing.user_id, "approved_person": standing.person, "approved_at": now}
    _move(held, _STATUS.APPROVED, actor=actor, now=now, **signed, published_number=newest + 1)
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
    standing = standing_of(actor, now=now)
    held = _held(draft)
    if standing is None or not (standing.may(Permission.APPROVE_SETTINGS) or standing.did(*authors_of(held))):
        raise ListRefused(_("Your role does not allow this."))
    if held.status != _STATUS.PROPOSED:
        raise ListRefused(_("Somebody else has dealt with this draft already. Reload the page."))
    _move(held, _STATUS.DRAFT, actor=actor, now=now, return_reason=reason.strip()[:400])
    draft.refresh_from_db()


@transaction.atomic
def discard_draft(*, draft: CodeListDraft, actor: Actor, now: datetime) -> None:
    """Throw a draft away. Raises ListRefused: the actor may not, or it is no draft any more."""
    _standing(actor, Permission.MANAGE_SETTINGS, now)
    held = _held(draft)
    if held.status != _STATUS.DRAFT:
        raise ListRefused(_("Only a draft can be thrown away."))
    _move(held, _STATUS.DISCARDED, actor=actor, now=now)
    draft.refresh_from_db()


def authors_of(draft: CodeListDraft) -> list[tuple[int | None, str]]:
    """Everybody who wrote in it or proposed it, as (account, staff number)."""
    return [*_writers(draft), (draft.drafted_by, draft.drafted_person), (draft.proposed_by, draft.proposed_person)]


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


def _writers(draft: CodeListDraft) -> list[tuple[int | None, str]]:
    return [(int(account), str(person)) for account, person in draft.writers]


def _held(draft: CodeListDraft) -> CodeListDraft:
    found: CodeListDraft = CodeListDraft.objects.select_for_update().get(pk=draft.pk)
    return found


def _standing(actor: Actor, permission: Permission, now: datetime) -> Standing:
    standing = standing_of(actor, now=now)
    if standing is None or not standing.may(permission):
        raise ListRefused(_("Your role does not allow this."))
    return standing


def _lock() -> None:
    """One after the other until the transaction ends: versions are counted, and drafts are one a list."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ONE_AT_A_TIME, required_tenant_id()])


def _move(draft: CodeListDraft, to: str, *, actor: Actor, now: datetime, **changes: object) -> None:
    try:
        transition(draft, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as error:
        raise ListRefused(_("Somebody else has dealt with this draft already. Reload the page.")) from error
