"""Destroys what two people let go: a batch a transaction, each record looked at once more, resumed at any time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from audit.services import Actor, record
from audit.transitions import transition
from retention.classes import class_of
from retention.expiring import day_in_japan, latest_trigger
from retention.models import DestructionRecord, PurgeItem, PurgeProposal
from retention.selectors import hash_of_lines, hash_of_list, held_subjects, is_anything_held, periods
from retention.services import lock_holds

BATCH = 100
_Outcome = PurgeItem.Outcome


def execute_approved(*, actor: Actor, now: datetime) -> int:
    """Destroy what is approved, to the end of the list; returns how many records were looked at.

    A list that is not the one that was approved is rejected, and nothing of it destroyed.
    """
    done = 0
    while batch := _execute_batch(actor=actor, now=now):
        done += batch
    return done


def _execute_batch(*, actor: Actor, now: datetime) -> int:
    with transaction.atomic():
        approved = PurgeProposal.objects.filter(status=PurgeProposal.Status.APPROVED)
        proposal = approved.select_for_update(skip_locked=True).first()
        if proposal is None:
            return 0
        if hash_of_list(proposal) != proposal.approved_hash:
            _refuse(proposal, actor=actor, now=now)
            return 0
        lock_holds()
        waiting = PurgeItem.objects.filter(proposal=proposal, outcome="")
        items = list(waiting.order_by("code", "trigger_on", "id")[:BATCH])
        outcomes = _destroy(items, actor=actor, now=now)
        for outcome, pks in outcomes.items():
            PurgeItem.objects.filter(pk__in=pks).update(outcome=outcome)
        if len(items) < BATCH:
            _finish(proposal, actor=actor, now=now)
        return len(items)


def _destroy(items: Sequence[PurgeItem], *, actor: Actor, now: datetime) -> dict[str, list[object]]:
    """Destroy what still may be, by class; says what became of which item."""
    today, in_force = day_in_japan(now), periods()
    anything_held, held = is_anything_held(), held_subjects()
    outcomes: dict[str, list[object]] = defaultdict(list)
    for code in sorted({item.code for item in items}):
        mine = {item.record: item for item in items if item.code == code}
        kind = class_of(code)
        until = latest_trigger(today, in_force[code])
        still_due = {due.record: due for due in kind.due(until=until, limit=len(mine), only=list(mine))}
        going = []
        for pk, item in mine.items():
            due = still_due.get(pk)
            if due is None:
                outcomes[_Outcome.NOT_DUE].append(item.pk)
            elif due.subject in held or (due.subject is None and anything_held):
                outcomes[_Outcome.HELD].append(item.pk)
            else:
                outcomes[_Outcome.DESTROYED].append(item.pk)
                going.append(pk)
        if going:
            kind.destroy(going, actor=actor, now=now)
    return outcomes


def _finish(proposal: PurgeProposal, *, actor: Actor, now: datetime) -> None:
    items = list(PurgeItem.objects.filter(proposal=proposal).order_by("code", "record"))
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        counted[item.code][item.outcome] += 1
    in_force = periods()
    made = DestructionRecord.objects.create(
        proposal=proposal,
        made_at=now,
        outcomes={code: dict(outcomes) for code, outcomes in counted.items()},
        rules={code: {"length": in_force[code].length, "unit": str(in_force[code].unit)} for code in counted},
        destroyed_hash=hash_of_lines(f"{item.record}\n" for item in items if item.outcome == _Outcome.DESTROYED),
    )
    transition(proposal, PurgeProposal.Status.EXECUTED, actor=actor, at=now, executed_at=now)
    record(
        "destructionrecord.made",
        target=made,
        actor=actor,
        at=now,
        outcomes=made.outcomes,
        rules=made.rules,
        approved_by=proposal.approved_by,
        submitted_by=proposal.submitted_by,
        list_hash=proposal.list_hash,
        destroyed_hash=made.destroyed_hash,
    )


def _refuse(proposal: PurgeProposal, *, actor: Actor, now: datetime) -> None:
    record("purgeproposal.altered", target=proposal, actor=actor, at=now, approved_hash=proposal.approved_hash)
    transition(proposal, PurgeProposal.Status.REJECTED, actor=actor, at=now, rejected_by=0, rejected_at=now)
