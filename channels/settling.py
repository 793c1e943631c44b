"""What becomes of attempts: the one place that turns a provider's words into statuses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Func, JSONField, TextField, Value
from django.db.models.functions import Cast, Coalesce

from audit.services import Actor, record
from audit.transitions import AnyOf, transition, transition_many
from channels.afterwards import CONFIRMATION, RULES, way_of
from channels.alarms import NOTIFICATION as NOTIFICATION
from channels.alarms import SYSTEM as SYSTEM
from channels.alarms import Tried, judge_answers, judge_report
from channels.models import DeliveryAttempt
from channels.pace import paced
from channels.protocols import Channel, Failure, FailureKind, Outcome, Receipt, Report
from channels.signals import deliveries_settled
from channels.stopping import remember_stop, same_numbers
from customers.contacts.health import Health, Reason, dead_health
from customers.services import mark_contact_health

Status = DeliveryAttempt.Status
PUSH = "push"
MAX_TRIES = 5
# Why a worker did not begin with a message: its lease was nearly over, or the keys were away.
LATE, LOCKED = "lease_expired", "keys_unavailable"
# A fault of ours or of a library: what was heard of the provider, if anything, was not understood.
BROKEN = "adapter_error"
POISON = "poison"
OPTED_OUT = "opted_out"
BACKOFF = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
# How long after an answer that never came we first ask the provider.
FIRST_LOOK = timedelta(seconds=30)
# A short message without a report for this long: its callback may be lost, so ask.
FIRST_CHASE = timedelta(minutes=15)
SETTLED = (Status.ACCEPTED, Status.DELIVERED, Status.FAILED, Status.RETURNED)
STATUS_OF = {
    Outcome.ACCEPTED: Status.ACCEPTED,
    Outcome.DELIVERED: Status.DELIVERED,
    Outcome.FAILED: Status.FAILED,
    Outcome.RETURNED: Status.RETURNED,
}


class _Held(NamedTuple):
    """As little of an attempt as settling a batch needs: a model instance costs as much as the rest of it."""

    pk: UUID
    account_id: UUID
    contact_point_id: UUID | None
    channel: str
    method: str
    tries: int


@dataclass
class Settlement:
    """Where an attempt goes, and what changes with it."""

    to: str
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[Any, ...]:
        """Attempts with equal keys are moved by one statement."""
        return (self.to, *((name, repr(value)) for name, value in sorted(self.changes.items())))


def settle(*, claim: UUID, results: Mapping[UUID, Receipt | Failure], now: datetime) -> list[UUID]:
    """Write down what the provider answered. Attempts that somebody else has by now are left alone.

    An answer that comes after the lease still tells what became of an attempt that nobody knew anything of.
    """
    with transaction.atomic(savepoint=False):
        ours = DeliveryAttempt.objects.filter(pk__in=AnyOf(results), claim=claim, status=Status.SENDING)
        held = ours.order_by("pk").select_for_update(of=("self",)).values_list(*_Held._fields)
        attempts = [_Held(*values) for values in held]
        settlements = {attempt.pk: settlement_of(attempt, results[attempt.pk], now) for attempt in attempts}
        references = {pk: r.reference[:80] for pk, r in results.items() if isinstance(r, Receipt) and r.reference}
        moved = move(settlements, was=Status.SENDING, actor=SYSTEM, now=now, references=references)
        if len(attempts) < len(results):
            moved += _settle_late(claim, results, references, now)
        failures = {pk: result for pk, result in results.items() if isinstance(result, Failure)}
        judge_answers(attempts, failures, now)
        for attempt in attempts:
            if (failure := failures.get(attempt.pk)) and failure.is_dead_address:
                mark_dead(attempt, failure.code, now=now)
            if failure and failure.is_opt_out:
                _heed(attempt, failure.code, SYSTEM, now)
    return moved


def _settle_late(
    claim: UUID, results: Mapping[UUID, Receipt | Failure], references: Mapping[UUID, str], now: datetime
) -> list[UUID]:
    """Only what is certain: an attempt that may go again is settled by whoever looks for it."""
    certain = {
        pk: result
        for pk, result in results.items()
        if isinstance(result, Receipt) or result.kind == FailureKind.PERMANENT
    }
    doubted = DeliveryAttempt.objects.filter(pk__in=AnyOf(certain), claim=claim, status=Status.UNKNOWN)
    held = doubted.order_by("pk").select_for_update(of=("self",)).values_list(*_Held._fields)
    settlements = {attempt.pk: settlement_of(attempt, certain[attempt.pk], now) for attempt in map(_Held._make, held)}
    return move(settlements, was=Status.UNKNOWN, actor=SYSTEM, now=now, references=references)


def settlement_of(attempt: Tried, result: Receipt | Failure, now: datetime) -> Settlement:
    """What an answer means for an attempt that has been tried ``attempt.tries`` times."""
    if isinstance(result, Receipt):
        return accepted(attempt, now)
    known = {"failure_kind": result.kind.value, "failure_code": result.code[:40]}
    match result.kind:
        case FailureKind.PERMANENT:
            return Settlement(Status.FAILED, {**known, "settled_at": now, "lease_until": None})
        case FailureKind.AMBIGUOUS:
            return unknown(now, **known)
        case FailureKind.CONFIGURATION | FailureKind.QUOTA:  # not this message's fault: the try does not count
            return requeued(now, tries=F("tries") - 1, **known)
        case FailureKind.TRANSIENT:
            wait = max(paced(BACKOFF[min(attempt.tries, len(BACKOFF)) - 1]), result.retry_after or timedelta())
            if result.code in (LATE, LOCKED):
                return requeued(now + wait, tries=F("tries") - 1, **known)
            if attempt.tries >= MAX_TRIES and (result.code == BROKEN or not _may_repeat(attempt)):
                return poisoned(now, result.code)
            return requeued(now + wait, **known)


def _may_repeat(attempt: Tried) -> bool:
    """An earlier try may have been taken, and repeating it is how one asks; `expire_unconfirmed` ends it in time."""
    return RULES[way_of(attempt.channel, is_push=attempt.method == PUSH)].may_repeat


def accepted(attempt: Tried, now: datetime) -> Settlement:
    """The provider has it. ``lease_until`` says when to wonder why nothing more is heard."""
    wonder_at = None
    if attempt.method == NOTIFICATION:
        wonder_at = now + CONFIRMATION
    elif attempt.channel == Channel.SMS:
        wonder_at = now + paced(FIRST_CHASE)
    known = {"failure_kind": "", "failure_code": ""}
    return Settlement(Status.ACCEPTED, {"accepted_at": now, "lease_until": wonder_at, **known})


def unknown(now: datetime, **changes: Any) -> Settlement:
    """Nobody knows; ``lease_until`` says when to ask the provider."""
    return Settlement(Status.UNKNOWN, {"settled_at": now, "lease_until": now + paced(FIRST_LOOK), **changes})


def requeued(not_before: datetime, **changes: Any) -> Settlement:
    """Certainly not sent, or safe to send again."""
    freed = {"claim": None, "lease_until": None, "settled_at": None}
    return Settlement(Status.QUEUED, {"not_before": not_before, **freed, **changes})


def failed(now: datetime, kind: str, code: str, **changes: Any) -> Settlement:
    """Over, by this channel."""
    known = {"settled_at": now, "lease_until": None, "failure_kind": kind, "failure_code": code[:40]}
    return Settlement(Status.FAILED, {**known, **changes})


def poisoned(now: datetime, code: str, **changes: Any) -> Settlement:
    """Tried too often: a person has to look at it."""
    return failed(now, POISON, code, **changes)


class OfEach(Func):
    """For each row the text that ``texts`` has for its key, else null: one parameter of one statement, however many."""

    template, arg_joiner, output_field = "(%(expressions)s)", " ->> ", TextField()

    def __init__(self, texts: Mapping[UUID, str]) -> None:
        by_key = json.dumps({str(pk): text for pk, text in texts.items()}, ensure_ascii=False)
        super().__init__(Cast(Value(by_key), JSONField()), Cast("pk", TextField()))


def move(
    settlements: Mapping[UUID, Settlement],
    *,
    was: str,
    actor: Actor,
    now: datetime,
    references: Mapping[UUID, str] | None = None,
) -> list[UUID]:
    """Apply settlements to attempts that have status ``was``, and tell those above which ones settled.

    ``references`` are the provider's own ids of those it took.
    """
    groups: dict[tuple[Any, ...], list[UUID]] = {}
    for pk, settlement in settlements.items():
        groups.setdefault(settlement.key, []).append(pk)
    moved: list[UUID] = []
    settled: list[UUID] = []
    with transaction.atomic(savepoint=False):
        for ids in groups.values():
            settlement = settlements[ids[0]]
            changes = settlement.changes
            named = {pk: references[pk] for pk in ids if pk in references} if references else {}
            if named:
                changes = {**changes, "provider_reference": Coalesce(OfEach(named), F("provider_reference"))}
            done = transition_many(DeliveryAttempt, ids, was=was, to=settlement.to, actor=actor, at=now, **changes)
            moved += done
            settled += done if settlement.to in SETTLED else []
        tell(settled, now)
    return moved


def tell(attempt_ids: Sequence[UUID], now: datetime) -> None:
    """Say upwards that these attempts settled."""
    if attempt_ids:
        deliveries_settled.send(DeliveryAttempt, attempt_ids=list(attempt_ids), now=now)


def apply_report(*, report: Report, actor: Actor, now: datetime) -> bool:
    """Write down what a provider says became of an attempt. Repeats change nothing; nothing goes backwards.

    Returns:
        False if there is no such attempt.
    """
    with transaction.atomic():
        attempt = DeliveryAttempt.objects.filter(pk=report.attempt_id).select_for_update().first()
        if attempt is None:
            return False
        to = STATUS_OF[report.outcome]
        if attempt.status == Status.QUEUED:  # queued again, and yet the first try did arrive: never send twice
            transition(attempt, Status.SENDING, actor=actor, at=now)
        if to not in DeliveryAttempt.TRANSITIONS.get(attempt.status, ()):
            _note_ignored(attempt, report, to, actor, now)
        else:
            judge_report(attempt, report, now)
            transition(attempt, to, actor=actor, at=now, **_changes(attempt, report, now))
            _learn_of_address(attempt, report, now)
            tell([attempt.pk], now)
        if report.is_opt_out:  # whatever became of the message meanwhile
            _heed(attempt, report.code, actor, now)
    return True


def mark_dead(attempt: Tried, code: str, *, now: datetime) -> None:
    """The contact point of this attempt does not work, as the provider's ``code`` says."""
    _mark(attempt, dead_health(attempt.channel), code, now)


def stop_channel(*, contact_ids: Sequence[UUID], channel: str, code: str, actor: Actor, now: datetime) -> None:
    """Their owner asked us to stop: what waits for these contact points fails, so that another channel has its turn."""
    remember_stop(contact_ids=contact_ids, channel=channel, code=code, actor=actor, now=now)
    waiting = DeliveryAttempt.objects.filter(contact_point__in=contact_ids, channel=channel, status=Status.QUEUED)
    ids = waiting.values_list("pk", flat=True)
    move({pk: failed(now, "permanent", OPTED_OUT) for pk in ids}, was=Status.QUEUED, actor=actor, now=now)


def _heed(attempt: Tried, code: str, actor: Actor, now: datetime) -> None:
    if attempt.contact_point_id:
        points = same_numbers([attempt.contact_point_id])
        stop_channel(contact_ids=points, channel=attempt.channel, code=code, actor=actor, now=now)


def _mark(attempt: Tried, health: str, reason: str, at: datetime) -> None:
    if attempt.contact_point_id:
        mark_contact_health(contact_ids=[attempt.contact_point_id], health=health, reason=reason, now=at)


def _changes(attempt: DeliveryAttempt, report: Report, now: datetime) -> dict[str, Any]:
    at = min(report.at or now, now)
    changes: dict[str, Any] = {"lease_until": None}
    if report.reference:
        changes["provider_reference"] = report.reference[:80]
    if report.outcome == Outcome.ACCEPTED:
        return {**changes, **accepted(attempt, at).changes}
    kind = report.failure_kind.value if report.failure_kind else ""
    return {**changes, "settled_at": at, "failure_kind": kind, "failure_code": report.code[:40]}


def _learn_of_address(attempt: DeliveryAttempt, report: Report, now: datetime) -> None:
    at = min(report.at or now, now)
    if report.is_dead_address:
        mark_dead(attempt, report.code, now=at)
    # Handed to the post is not arrived, so it says nothing of the address.
    elif report.outcome == Outcome.DELIVERED and attempt.channel != Channel.POST:
        _mark(attempt, Health.VERIFIED, Reason.DELIVERED, at)


def _note_ignored(attempt: DeliveryAttempt, report: Report, to: str, actor: Actor, now: datetime) -> None:
    if attempt.status == to or report.outcome == Outcome.ACCEPTED:
        return
    record("deliveryattempt.report_ignored", target=attempt, actor=actor, at=now, was=attempt.status, said=to)
