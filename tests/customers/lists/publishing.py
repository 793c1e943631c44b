"""Lists for tests: published by two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from audit.services import Actor
from customers.codes import Label
from customers.lists.content import Content, Entry, content_from, with_entries
from customers.lists.models import CodeList, CodeListDraft
from customers.lists.services import approve_draft, begin_draft, edit_draft, propose_draft
from tenants.models import User


def entry(code: str, ja: str, **said: object) -> Entry:
    words = {"ja": ja, **({"en": str(said.pop("en"))} if "en" in said else {})}
    return replace(Entry(code, words), **said)  # type: ignore[arg-type]  # a test's own words


def draft(key: str, content: Content, who: User, now: datetime, *, name: Label | None = None) -> CodeListDraft:
    made = begin_draft(key=key, name=name, actor=Actor.user(who.pk), now=now)
    edit_draft(draft=made, revision=made.revision, edit=lambda held: content, actor=Actor.user(who.pk), now=now)
    return made


def publish(
    key: str, content: Content, first: User, second: User, now: datetime, name: Label | None = None
) -> CodeList:
    """By ``first``, let through by ``second``."""
    made = draft(key, content, first, now, name=name)
    propose_draft(draft=made, revision=made.revision, actor=Actor.user(first.pk), now=now)
    seen = content_from(made.document).digest
    return approve_draft(draft=made, seen_hash=seen, actor=Actor.user(second.pk), now=now)


def adding(content: Content, *entries: Entry) -> Content:
    """The list with more."""
    return with_entries(content, [*content.entries, *entries])


def retiring(content: Content, *codes: str) -> Content:
    """The list with some offered no more."""
    return with_entries(content, [replace(one, is_offered=one.code not in codes) for one in content.entries])


def of(name: Label, entries: Sequence[Entry]) -> Content:
    """A list of one's own."""
    return with_entries(Content(name, ()), entries)
