"""What stands on the help pages: proposed by one, let through by another."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, transition
from outreach.faq.models import FaqEntry
from outreach.faq.selectors import STANDARD, entries_in_force
from outreach.faq.standard import ALWAYS_SHOWN
from tenants.four_eyes import Standing, standing_of
from tenants.permissions import Permission

# So many questions of its own an institution has at most, that pages stay light.
MOST_OWN = 30


class FaqRefused(Exception):
    """The step cannot be taken; its text says what to do. ``field``: of the form, if it is one."""

    def __init__(self, words: str, field: str | None = None) -> None:
        super().__init__(words)
        self.field = field


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
    standing = _standing(actor, Permission.EDIT_TEMPLATE, now)
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
        proposed_by=standing.user_id,
        proposed_person=standing.person,
        proposed_at=now,
    )
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError:
        raise FaqRefused(_("Another proposal waits. Have it approved or rejected first.")) from None
    record("faqentry.proposed", target=entry, actor=actor, at=now, code=code)
    return entry


@transaction.atomic
def decide_entry(*, entry: FaqEntry, is_approved: bool, actor: Actor, now: datetime) -> None:
    """Show it to customers, or leave everything as it is; whoever proposed it may take it back.

    Raises:
        FaqRefused: the actor proposed it, may not approve, or somebody was faster.
    """
    standing = standing_of(actor, now=now)
    is_own = standing is not None and standing.did((entry.proposed_by, entry.proposed_person))
    if is_approved and is_own:
        raise FaqRefused(_("You proposed this change yourself. Somebody else has to approve it."))
    if standing is None or not (standing.may(Permission.APPROVE_TEMPLATE) or (is_own and not is_approved)):
        raise FaqRefused(_("Your role does not allow this."))
    signed = {"approved_by": standing.user_id, "approved_person": standing.person, "approved_at": now}
    unsigned = {"rejected_by": standing.user_id, "rejected_at": now}
    to = FaqEntry.Status.APPROVED if is_approved else FaqEntry.Status.REJECTED
    try:
        transition(entry, to, actor=actor, at=now, **(signed if is_approved else unsigned))
    except (IllegalTransition, LostRace) as error:
        raise FaqRefused(_("Somebody else has dealt with this change already. Reload the page.")) from error


def _standing(actor: Actor, permission: Permission, now: datetime) -> Standing:
    standing = standing_of(actor, now=now)
    if standing is None or not standing.may(permission):
        raise FaqRefused(_("Your role does not allow this."))
    return standing


def _clean(words: Mapping[str, str]) -> dict[str, str]:
    """Without blanks around, and without signs that nobody sees and that steer the page or the direction of writing."""
    return {language: text for language, said in words.items() if (text := "".join(map(_seen, said)).strip())}


def _seen(sign: str) -> str:
    return sign if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Co", "Cs", "Cn") else ""
