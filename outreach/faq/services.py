"""What stands on the help pages: proposed by one, let through by another."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor
from outreach.faq.models import FaqEntry
from outreach.faq.selectors import STANDARD, entries_in_force
from outreach.faq.standard import ALWAYS_SHOWN
from tenants.permissions import Permission
from tenants.steps import Refused, Steps, Words

# So many questions of its own an institution has at most, that pages stay light.
MOST_OWN = 30


class FaqRefused(Refused):
    """The step cannot be taken; its text says what to do. ``field``: of the form, if it is one."""

    WAITING = _("Another proposal waits. Have it approved or rejected first.")

    def __init__(self, words: Words, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


_STEPS = Steps(FaqRefused)


@transaction.atomic
def propose_entry(
    *,
    code: str,
    topic: str,
    audiences: Collection[str],
    place: int,
    is_hidden: bool,
    asks: Mapping[str, str],
    answers: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> FaqEntry:
    """Propose a question of the institution's own, or other words, another place or none for one of the product's.

    ``asks`` and ``answers`` by language; none at all leave the product's words.

    Raises:
        FaqRefused: another proposal about it waits, it must not be hidden, Japanese is missing, or there are too many.
    """
    _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now)
    asks, answers = _clean(asks), _clean(answers)
    is_own = code not in STANDARD
    if is_hidden and code in ALWAYS_SHOWN:
        raise FaqRefused(_("Customers must always find this answer. Change its words instead."), "is_hidden")
    if set(asks) != set(answers):
        raise FaqRefused(_("Write both the question and the answer in each language, or neither."))
    if (asks or (is_own and not is_hidden)) and "ja" not in asks:
        raise FaqRefused(_("Write it in Japanese: that is what the other languages fall back to."), "ask_ja")
    own = [entry for key, entry in entries_in_force().items() if key not in STANDARD and not entry.is_hidden]
    if is_own and not is_hidden and len(own) >= MOST_OWN and code not in {entry.code for entry in own}:
        raise FaqRefused(_("There are thirty questions of your own already. Hide one first."))
    entry = FaqEntry(
        code=code,
        topic=topic,
        audiences=sorted(audiences),
        place=place,
        is_hidden=is_hidden,
        asks=asks,
        answers=answers,
    )
    return _STEPS.propose(entry, Permission.EDIT_TEMPLATE, actor=actor, now=now, code=code)


@transaction.atomic
def decide_entry(*, entry: FaqEntry, is_approved: bool, actor: Actor, now: datetime) -> None:
    """Show it to customers, or leave everything as it is; whoever proposed it may take it back.

    Raises:
        FaqRefused: the actor proposed it, may not approve, or somebody was faster.
    """
    decide = _STEPS.approve if is_approved else _STEPS.take_back
    decide(entry, Permission.APPROVE_TEMPLATE, actor=actor, now=now)


def _clean(words: Mapping[str, str]) -> dict[str, str]:
    """Without blanks around, and without signs that nobody sees and that steer the page or the direction of writing."""
    return {language: text for language, said in words.items() if (text := "".join(map(_seen, said)).strip())}


def _seen(sign: str) -> str:
    return sign if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Co", "Cs", "Cn") else ""
