"""Attempts left open by a crash, a silent provider or a lost answer: each is found and brought to an end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from channels.afterwards import CONFIRMATION, LETTER_IS_LOST, LIST_IS_FINAL, NO_ANSWER, RULES, Rule, Way, way_of
from channels.models import DeliveryAttempt
from channels.pace import paced
from channels.protocols import Channel, Failure, Outcome, Reconciles, Report
from channels.registry import printer_of, provider_of
from channels.sending import KEY_LIFE, SUSPECT, message_of
from channels.settling import (
    MAX_TRIES,
    NOTIFICATION,
    PUSH,
    SYSTEM,
    Settlement,
    apply_report,
    failed,
    move,
    poisoned,
    requeued,
    unknown,
)
from tenants.keys import CannotDecrypt, cipher

Status = DeliveryAttempt.Status
BATCH = 200
LOOK_AGAIN = timedelta(seconds=60)
AMBIGUOUS = "ambiguous"
# Having gone alone so often and never come back, it is the message that kills them.
MAX_LOSSES = SUSPECT + MAX_TRIES
# Carriers report within two days or never.
CHASE_AGAIN, REPORTS_END = timedelta(hours=1), timedelta(hours=48)


@transaction.atomic
def release_expired_leases(*, now: datetime, limit: int = BATCH) -> int:
    """Attempts whose worker died: what is safe to repeat, or had not begun, goes again; anything else is unknown."""
    held = _open(Status.SENDING).filter(lease_until__lt=Now())
    settlements = {attempt.pk: _released(attempt, now) for attempt in _locked(held, limit)}
    return len(move(settlements, was=Status.SENDING, actor=SYSTEM, now=now))


def reconcile_unknown(*, now: datetime, limit: int = BATCH) -> int:
    """Ask the providers what became of unknown attempts, outside any transaction, and settle what they know."""
    attempts = _take_unknown(now, limit)
    letters = [attempt for attempt in attempts if attempt.channel == Channel.POST]
    settlements = _ask_print_shop(letters, now)
    for attempt in attempts:
        if attempt.channel != Channel.POST:
            settlement = _settlement_of(attempt, now)
            if settlement is not None:
                settlements[attempt.pk] = settlement
    move(settlements, was=Status.UNKNOWN, actor=SYSTEM, now=now)
    return len(attempts)


def chase_reports(*, now: datetime, limit: int = BATCH) -> int:
    """Ask for the fate of short messages whose callback seems lost: after 15 minutes, then hourly for two days."""
    with transaction.atomic():
        quiet = _open(Status.ACCEPTED).filter(channel=Channel.SMS, lease_until__lte=now).select_related("account")
        attempts = _locked(quiet, limit)
        given_up = [a.pk for a in attempts if now - (a.accepted_at or now) > REPORTS_END]
        chased = [attempt for attempt in attempts if attempt.pk not in given_up]
        DeliveryAttempt.objects.filter(pk__in=given_up).update(lease_until=None)
        DeliveryAttempt.objects.filter(pk__in=[a.pk for a in chased]).update(lease_until=now + paced(CHASE_AGAIN))
        cipher()
    for attempt in chased:
        with suppress(Failure, CannotDecrypt, KeyError):
            report = _look_up(attempt, now)
            if report is not None and report.outcome != Outcome.ACCEPTED:
                apply_report(report=report, actor=SYSTEM, now=now)
    return len(attempts)


@transaction.atomic
def expire_unconfirmed(*, now: datetime, limit: int = BATCH) -> int:
    """Give up on notification messages nobody received within a day, and on retry keys that are too old."""
    unconfirmed = _open(Status.ACCEPTED).filter(method=NOTIFICATION, lease_until__lte=now)
    lost = {attempt.pk: failed(now, "permanent", "undelivered") for attempt in _locked(unconfirmed, limit)}
    stale = _open(Status.QUEUED).filter(method=PUSH, tries__gt=0, first_tried_at__lt=now - KEY_LIFE)
    expired = {attempt.pk: failed(now, AMBIGUOUS, "key_expired") for attempt in _locked(stale, limit)}
    moved = move(lost, was=Status.ACCEPTED, actor=SYSTEM, now=now)
    moved += move(expired, was=Status.QUEUED, actor=SYSTEM, now=now)
    return len(moved)


def _open(status: str) -> QuerySet[DeliveryAttempt]:
    return DeliveryAttempt.objects.filter(status=status)


def _locked(attempts: QuerySet[DeliveryAttempt], limit: int) -> list[DeliveryAttempt]:
    return list(attempts.order_by("lease_until", "id").select_for_update(skip_locked=True, of=("self",))[:limit])


@transaction.atomic
def _take_unknown(now: datetime, limit: int) -> list[DeliveryAttempt]:
    """Unknown attempts whose turn it is, put off so that nobody else asks about them meanwhile."""
    waiting = _open(Status.UNKNOWN).filter(lease_until__lte=now).select_related("account")
    attempts = _locked(waiting, limit)
    DeliveryAttempt.objects.filter(pk__in=[a.pk for a in attempts]).update(lease_until=now + paced(LOOK_AGAIN))
    cipher()  # snapshots are opened outside the transaction
    return attempts


def _settlement_of(attempt: DeliveryAttempt, now: datetime) -> Settlement | None:
    """Where an unknown attempt goes; None while there is hope of an answer, or the answer is applied."""
    way = way_of(attempt.channel, is_push=attempt.method == PUSH)
    if way == Way.SMS:
        return _ask_list(attempt, now)
    if way == Way.EMAIL and _is_listed(attempt, now):
        return None
    rule, since = RULES[way], attempt.settled_at or now
    if way == Way.NOTIFICATION:  # by LINE's clock: a day from when it may have taken it
        is_over = now - (attempt.first_tried_at or since) >= CONFIRMATION
    else:
        is_over = now - since >= paced(rule.given_up_after or timedelta())
    return failed(now, AMBIGUOUS, rule.code) if is_over else None


def _released(attempt: DeliveryAttempt, now: datetime) -> Settlement:
    rule = RULES[way_of(attempt.channel, is_push=attempt.method == PUSH)]
    if rule.leaves_in_waves and attempt.begun_at is None:  # its worker never came to it: the try does not count
        return requeued(now, tries=F("tries") - 1)
    lost = F("losses") + 1
    if rule.released_to == Status.UNKNOWN:
        return unknown(now, losses=lost)
    return poisoned(now, rule.code, losses=lost) if attempt.losses + 1 >= MAX_LOSSES else requeued(now, losses=lost)


def _again(attempt: DeliveryAttempt, rule: Rule, now: datetime) -> Settlement:
    """Certainly not sent: once more, unless it was tried too often."""
    is_over = attempt.losses >= MAX_LOSSES or attempt.tries - attempt.losses >= MAX_TRIES
    return poisoned(now, rule.code) if is_over else requeued(now)


def _look_up(attempt: DeliveryAttempt, now: datetime) -> Report | None:
    """What the provider's list says. Raises TransientFailure if it cannot say now."""
    provider = provider_of(attempt.account)
    if not isinstance(provider, Reconciles):
        return None
    return provider.look_up(message_of(attempt), since=attempt.first_tried_at or now)


def _is_listed(attempt: DeliveryAttempt, now: datetime) -> bool:
    """Whether a mail's provider has it, if it can be asked. That it does not list it yet proves nothing."""
    try:
        report = _look_up(attempt, now)
    except (Failure, CannotDecrypt, KeyError):
        return False
    if report is not None:
        apply_report(report=report, actor=SYSTEM, now=now)
    return report is not None


def _ask_list(attempt: DeliveryAttempt, now: datetime) -> Settlement | None:
    try:
        report = _look_up(attempt, now)
    except (Failure, CannotDecrypt, KeyError):
        return None
    if report is not None:
        apply_report(report=report, actor=SYSTEM, now=now)
        return None
    if now - (attempt.settled_at or now) < paced(LIST_IS_FINAL):
        return None
    return _again(attempt, RULES[Way.SMS], now)


def _ask_print_shop(letters: Sequence[DeliveryAttempt], now: datetime) -> dict[UUID, Settlement]:
    """Ask once a job. What the shop never got goes again; a piece it does not list is unknown still."""
    jobs: dict[UUID, list[DeliveryAttempt]] = {}
    for letter in letters:
        if letter.claim is not None:
            jobs.setdefault(letter.claim, []).append(letter)
    settlements = {letter.pk: lost for letter in letters if letter.claim is None and (lost := _lost(letter, now))}
    for job_id, pieces in jobs.items():
        try:
            reports = printer_of(pieces[0].account).look_up_batch(job_id)
        except Failure:
            continue
        if reports is None:
            settlements |= {piece.pk: _again(piece, RULES[Way.POST], now) for piece in pieces}
        else:
            _apply(reports, {piece.pk for piece in pieces}, now)
    return settlements


def _lost(letter: DeliveryAttempt, now: datetime) -> Settlement | None:
    """A restored database has forgotten by which job the letter went, if it went; the shop reports for some days."""
    is_over = now - (letter.settled_at or now) >= paced(LETTER_IS_LOST)
    return failed(now, AMBIGUOUS, NO_ANSWER) if is_over else None


def _apply(reports: Sequence[Report], asked: set[UUID], now: datetime) -> None:
    for report in reports:
        if report.attempt_id in asked:
            apply_report(report=report, actor=SYSTEM, now=now)
