"""Writing retention: lengths, holds, and a purge's way from being found to being approved."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from retention.classes import class_of, record_classes
from retention.expiring import day_in_japan, free_from, latest_trigger
from retention.models import LegalHold, PurgeItem, PurgeProposal, RetentionClass
from retention.selectors import hash_of_lines, hash_of_list, held_subjects, is_anything_held, open_proposal, periods
from tenants.permissions import Permission
from tenants.steps import Refused, Steps
from tenants.turns import take_turn

MOST_ITEMS = 10_000
_HOLD_LOCK = 0x6B7A_0002


class RetentionRefused(Refused):
    """Periods, holds and purges do not go that way."""

    OWN_WORK = _("You proposed this purge yourself. Somebody else has to approve it.")
    TOO_LATE = _("Somebody else has dealt with this purge already. Reload the page.")


_STEPS = Steps(RetentionRefused)


def set_length(*, code: str, length: int, actor: Actor, now: datetime) -> None:
    """Keep a class of records for another length of its unit.

    Raises:
        RetentionRefused: outside the limits of the class.
    """
    kind = class_of(code)
    if not kind.shortest <= length <= kind.longest:
        limits = {"shortest": kind.shortest, "longest": kind.longest}
        raise RetentionRefused(_("Enter a number from %(shortest)d to %(longest)d.") % limits)
    with transaction.atomic():
        changes = {"length": length, "changed_by": _user_of(actor), "changed_at": now}
        row, _created = RetentionClass.objects.update_or_create(code=code, defaults=changes)
        record("retentionclass.set", target=row, actor=actor, at=now, code=code, length=length)


def place_hold(*, subject: UUID, reason: str, matter: str, actor: Actor, now: datetime) -> LegalHold:
    """Keep everything about a customer from now on, a purge that is running included."""
    with transaction.atomic():
        lock_holds()
        hold: LegalHold = LegalHold.objects.create(
            subject=subject, reason=reason, matter=matter.strip(), placed_by=_user_of(actor), placed_at=now
        )
        record("legalhold.placed", target=hold, actor=actor, at=now, customer=str(subject), reason=reason)
    return hold


def release_hold(*, hold: LegalHold, actor: Actor, now: datetime) -> None:
    """Let the periods count again.

    Raises:
        RetentionRefused: it is released already.
    """
    with transaction.atomic():
        rows = LegalHold.objects.filter(pk=hold.pk, released_at__isnull=True)
        if not rows.update(released_by=_user_of(actor), released_at=now):
            raise RetentionRefused(_("This hold has been released already."))
        record("legalhold.released", target=hold, actor=actor, at=now, customer=str(hold.subject))


def lock_holds() -> None:
    """Until the transaction ends, no hold comes between looking for holds and destroying, nor the other way round."""
    take_turn(_HOLD_LOCK)


def look_for_due(*, now: datetime) -> int:
    """Have each class note what its `due` cannot tell by itself; batches that are done are not done again."""
    return sum(kind.look(now=now) for kind in record_classes())


def find_due(*, actor: Actor, now: datetime) -> PurgeProposal | None:
    """List what may be destroyed today, if no list is open; None when there is nothing."""
    today = day_in_japan(now)
    with transaction.atomic():
        lock_holds()
        if open_proposal() is not None:
            return None
        items = _due_items(now)
        if not items:
            return None
        proposal: PurgeProposal = PurgeProposal.objects.create(
            found_on=today,
            found_at=now,
            counts=dict(Counter(item.code for item in items)),
            list_hash=hash_of_lines(item.line for item in items),
        )
        for item in items:
            item.proposal = proposal
        PurgeItem.objects.bulk_create(items, batch_size=2_000)
        record("purgeproposal.found", target=proposal, actor=actor, at=now, hash=proposal.list_hash, **proposal.counts)
    return proposal


def _due_items(now: datetime) -> list[PurgeItem]:
    today, in_force, room = day_in_japan(now), periods(), MOST_ITEMS
    items: list[PurgeItem] = []
    anything_held, held = is_anything_held(), held_subjects()
    for kind in record_classes():
        period = in_force[kind.code]
        for due in kind.due(until=latest_trigger(today, period), limit=room - len(items)):
            if due.subject in held or (due.subject is None and anything_held):
                continue
            items.append(
                PurgeItem(
                    code=kind.code,
                    record=due.record,
                    subject=due.subject,
                    trigger_on=due.trigger_on,
                    free_from=free_from(due.trigger_on, period),
                )
            )
    return sorted(items, key=lambda item: (item.code, item.record))


def submit_proposal(*, proposal: PurgeProposal, actor: Actor, now: datetime) -> None:
    """Ask a second person to approve the list.

    Raises:
        RetentionRefused: the actor may not, or it is no longer a draft.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.PROPOSE_PURGE, now=now)
        signed = standing.signs("submitted", now)
        _STEPS.move(proposal, PurgeProposal.Status.PROPOSED, actor=actor, now=now, **signed)


def approve_proposal(*, proposal: PurgeProposal, seen_hash: str, actor: Actor, now: datetime) -> None:
    """Let the list be destroyed. `seen_hash` is what the approver's page showed.

    Raises:
        RetentionRefused: the actor proposed it, under whatever account; may not approve; somebody was faster; or the
            list is not what the approver saw.
    """
    with transaction.atomic():
        proposal.refresh_from_db()
        proposed = (proposal.submitted_by, proposal.submitted_person)
        standing = _STEPS.second(actor, Permission.APPROVE_PURGE, [proposed], now=now)
        if not seen_hash == proposal.list_hash == hash_of_list(proposal):
            raise RetentionRefused(_("The list has changed since you opened it. Reload it and look again."))
        signed = {**standing.signs("approved", now), "approved_hash": seen_hash}
        _STEPS.move(proposal, PurgeProposal.Status.APPROVED, actor=actor, now=now, **signed)


def reject_proposal(*, proposal: PurgeProposal, reason: str, actor: Actor, now: datetime) -> None:
    """Destroy nothing; the records are found again another night.

    Raises:
        RetentionRefused: no reason is given, or it is decided already.
    """
    if not reason.strip():
        raise RetentionRefused(_("Write down why you reject the purge."))
    if proposal.status == PurgeProposal.Status.APPROVED:
        raise RetentionRefused(RetentionRefused.TOO_LATE)
    with transaction.atomic():
        signed = {"rejected_by": _user_of(actor), "rejected_at": now, "reject_reason": reason.strip()[:200]}
        _STEPS.move(proposal, PurgeProposal.Status.REJECTED, actor=actor, now=now, **signed)


def _user_of(actor: Actor) -> int:
    return int(actor.id) if actor.kind == "user" else 0
