"""Stopping the line: what would fail everybody's message stops the account until a person has looked, and says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog
from django.db import transaction

from audit.services import Actor, record
from channels import tallies
from channels.models import DeliveryAttempt, ProviderAccount
from channels.protocols import Failure, FailureKind, Outcome, Report

log = structlog.get_logger(__name__)
SYSTEM = Actor.system("channels")
NOTIFICATION = "pnp"
_ACCOUNTS_FAULT = (FailureKind.CONFIGURATION, FailureKind.QUOTA)


class Tried(Protocol):
    """What an answer is judged by: all that settling reads of an attempt."""

    @property
    def pk(self) -> UUID: ...
    @property
    def account_id(self) -> UUID: ...
    @property
    def contact_point_id(self) -> UUID | None: ...
    @property
    def channel(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def tries(self) -> int: ...


def pause_account(*, account: ProviderAccount, reason: str, actor: Actor, now: datetime) -> None:
    """Let nothing more leave through an account; what is in flight may still arrive."""
    with transaction.atomic():
        running = ProviderAccount.objects.filter(pk=account.pk, is_paused=False)
        if running.update(is_paused=True, pause_reason=reason[:80]):
            record("provideraccount.paused", target=account, actor=actor, at=now, reason=reason[:80])
            if actor.kind == SYSTEM.kind:  # people know what they did, and their words may name somebody
                log.error("sending.stopped", tenant_id=account.tenant_id, channel=account.channel, code=reason[:80])


def resume_account(*, account: ProviderAccount, actor: Actor, now: datetime) -> None:
    """Let messages leave through an account again."""
    with transaction.atomic():
        if ProviderAccount.objects.filter(pk=account.pk, is_paused=True).update(is_paused=False, pause_reason=""):
            tallies.forget(account.pk, now=now)
            record("provideraccount.resumed", target=account, actor=actor, at=now)


def judge_answers(attempts: Sequence[Tried], failures: Mapping[UUID, Failure], now: datetime) -> None:
    """Stop the account of these attempts if what the provider answered is the account's fault, or is a spike."""
    fault = next((f"{f.kind}: {f.code}" for f in failures.values() if f.kind in _ACCOUNTS_FAULT), "")
    # That a number is not on LINE is an answer, not a failure.
    kinds = [failures[a.pk].kind if a.pk in failures else None for a in attempts if a.method != NOTIFICATION]
    refused, taken = kinds.count(FailureKind.PERMANENT), kinds.count(None)
    if refused or taken:
        _judge(attempts[0].account_id, left_at=now, judged=refused + taken, refused=refused, fault=fault, now=now)
    elif fault and attempts:
        _stop(attempts[0].account_id, fault, now)


def judge_report(attempt: DeliveryAttempt, report: Report, now: datetime) -> None:
    """The same for what a provider reports later; ``attempt`` is as it was before the report."""
    if attempt.method == NOTIFICATION:
        return
    has_failed = report.outcome == Outcome.FAILED
    kind = report.failure_kind
    _judge(
        attempt.account_id,
        left_at=attempt.accepted_at or now,
        judged=0 if attempt.accepted_at else 1,
        refused=int(has_failed),
        fault=f"{kind}: {report.code}" if has_failed and kind in _ACCOUNTS_FAULT else "",
        now=now,
    )


def _judge(account_id: UUID, *, left_at: datetime, judged: int, refused: int, fault: str, now: datetime) -> None:
    if judged or refused:
        tally = tallies.add(account_id, left_at=left_at, judged=judged, refused=refused)
        if refused and tally.is_spike:
            fault = fault or f"spike: {tally.refused} of {tally.judged} refused"
    if fault:
        _stop(account_id, fault, now)


def _stop(account_id: UUID, reason: str, now: datetime) -> None:
    pause_account(account=ProviderAccount.objects.get(pk=account_id), reason=reason, actor=SYSTEM, now=now)
