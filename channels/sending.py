"""Sending what is due: claim a batch, hand it over outside any transaction, settle what was answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Now

from audit.transitions import AnyOf, transition_many
from channels import rates
from channels.afterwards import RULES, way_of
from channels.budget import within_budget
from channels.gates import is_open, not_held, places
from channels.models import DeliveryAttempt, ProviderAccount
from channels.pace import paced
from channels.protocols import (
    AmbiguousFailure,
    Channel,
    Failure,
    Message,
    PermanentFailure,
    Receipt,
    Sends,
    TransientFailure,
)
from channels.readdressing import lead_to_where_we_are
from channels.registry import sender_of
from channels.restoring import is_whole, keep_mark
from channels.settling import BROKEN, LATE, LOCKED, PUSH, SYSTEM, settle
from tenants.keys import CannotDecrypt, KeysUnavailable, PersonShredded, cipher
from tenants.scoping import tenant_context

log = logging.getLogger(__name__)
Status = DeliveryAttempt.Status
BATCH = 64
ROUNDS = 8
# Batches to look through for somebody who has not had too many messages.
LOOKS = 20
# LINE remembers a retry key for 24 hours; after that a repeat would be a second message.
KEY_LIFE = timedelta(hours=23)
# How many messages a worker has on the way at once. LINE allows 2,000 requests a second and answers in some 50 ms; a
# bank's own relay is another matter.
AT_ONCE = {Channel.LINE: 64}
AT_ONCE_ELSEWHERE = 16
A_THREAD = 4
# Longer than the slowest batch: four messages a thread, each as slow as its timeouts allow.
LEASE = timedelta(seconds=180)
# A worker that was held up begins nothing after this, so that what it has begun is over before its lease is.
BEGINS_WITHIN = LEASE * 2 / 3
# Of the ways that nobody can be asked about so many leave together: no more are in doubt when a worker dies.
WAVE = 16
# A message that so many workers died over goes alone, so that no other falls with it once more.
SUSPECT = 2
# Goes on while the process is stopped, and where there is such a clock while the machine sleeps.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True)
class Claimed:
    """Attempts that this worker alone may hand over, until the lease ends."""

    claim: UUID
    attempts: Sequence[DeliveryAttempt]
    # of this machine's steady clock, taken before the lease began
    began: float = field(default_factory=lambda: time.clock_gettime(_CLOCK))

    @property
    def is_late(self) -> bool:
        """Whether so much of the lease is over that nothing more may begin."""
        return time.clock_gettime(_CLOCK) - self.began > paced(BEGINS_WITHIN).total_seconds()


def send_due(*, tenant_id: int, channel: Channel, now: datetime) -> int:
    """Send what is due on one channel but post; at most some hundreds, so that other tenants get their turn."""
    sent = 0
    with tenant_context(tenant_id), _threads(channel) as threads:
        for _ in range(ROUNDS):
            claimed = claim_at_its_rate(channel=channel, now=now, limit=A_THREAD * threads_of(channel))
            if not claimed.attempts:
                break
            send_claimed(claimed, now=now, threads=threads)
            sent += len(claimed.attempts)
    return sent


def send_claimed(claimed: Claimed, *, now: datetime, threads: Executor | None = None) -> None:
    """Hand over and settle: together what can be asked about or repeated, the rest in waves.

    One transaction settles a wave and notes which messages begin with the next, so that a crash leaves one wave in
    doubt. Messages that do not begin in time are left to the sweeper, which knows that they were not sent.
    """
    in_waves, together = _parted(claimed.attempts)
    if together:
        settle(claim=claimed.claim, results=hand_over(replace(claimed, attempts=together), threads), now=now)
    results: dict[UUID, Receipt | Failure] = {}
    for wave in batched(in_waves, WAVE):
        if claimed.is_late:
            break
        with transaction.atomic():
            if results:
                settle(claim=claimed.claim, results=results, now=now)
            begun = begin(wave, claim=claimed.claim)
        results = hand_over(replace(claimed, attempts=begun), threads)
    if results:
        settle(claim=claimed.claim, results=results, now=now)


def begin(attempts: Sequence[DeliveryAttempt], *, claim: UUID) -> Sequence[DeliveryAttempt]:
    """Note that these are about to leave; without those that are not ours any more."""
    ours = DeliveryAttempt.objects.filter(pk__in=AnyOf(attempt.pk for attempt in attempts), claim=claim)
    held = ours.filter(status=Status.SENDING, lease_until__gt=Now())
    if held.update(begun_at=Now()) == len(attempts):
        return attempts
    begun = set(ours.filter(status=Status.SENDING, begun_at__isnull=False).values_list("pk", flat=True))
    return [attempt for attempt in attempts if attempt.pk in begun]


def _parted(attempts: Sequence[DeliveryAttempt]) -> tuple[list[DeliveryAttempt], list[DeliveryAttempt]]:
    """What leaves in waves, and what need not."""
    parts: tuple[list[DeliveryAttempt], list[DeliveryAttempt]] = ([], [])
    for attempt in attempts:
        rule = RULES[way_of(attempt.channel, is_push=attempt.method == PUSH)]
        parts[0 if rule.leaves_in_waves else 1].append(attempt)
    return parts


def threads_of(channel: Channel) -> int:
    """How many messages of a channel one worker hands over at the same time."""
    return AT_ONCE.get(channel, AT_ONCE_ELSEWHERE)


def due(*, channel: Channel, now: datetime) -> QuerySet[DeliveryAttempt]:
    """What may leave now: waiting, its time has come, and neither an hour nor a person holds it back."""
    waiting = DeliveryAttempt.objects.filter(
        not_held(), channel=channel, status=Status.QUEUED, not_before__lte=now, account__is_paused=False
    )
    if channel == Channel.LINE:  # the sweeper hands these to a person; after a long standstill it may come second
        waiting = waiting.exclude(method=PUSH, tries__gt=0, first_tried_at__lt=now - KEY_LIFE)
    return waiting if is_open(channel=channel, now=now) else waiting.none()


def claim_at_its_rate(*, channel: Channel, now: datetime, limit: int = BATCH, only_printed: bool = False) -> Claimed:
    """As `claim_due`, but no more than the account may send in these seconds, and nothing from a restored database."""
    if not is_whole(now=now):
        return Claimed(uuid4(), [])
    with transaction.atomic():
        account = ProviderAccount.objects.filter(channel=channel).only("pk", "per_minute").first()
    if account is None:
        return Claimed(uuid4(), [])
    taken = rates.take(account.pk, per_minute=account.per_minute, wanted=limit)
    claimed = claim_due(channel=channel, now=now, limit=taken, only_printed=only_printed)
    rates.give_back(account.pk, per_minute=account.per_minute, unused=taken - len(claimed.attempts))
    if claimed.attempts:
        keep_mark(claimed.attempts[0].pk, at=now)
    return claimed


def claim_due(*, channel: Channel, now: datetime, limit: int = BATCH, only_printed: bool = False) -> Claimed:
    """Take a batch out of the queue. The lease runs on the database's clock."""
    claimed = Claimed(uuid4(), [])
    with transaction.atomic():
        ids = transition_many(
            DeliveryAttempt,
            _choose(channel=channel, now=now, limit=limit, only_printed=only_printed),
            was=Status.QUEUED,
            to=Status.SENDING,
            actor=SYSTEM,
            at=now,
            claim=claimed.claim,
            lease_until=Now() + paced(LEASE),
            begun_at=None,
            tries=F("tries") + 1,
            first_tried_at=Coalesce("first_tried_at", now),
        )
        attempts = _with_accounts(ids)
        if not only_printed:  # a letter that is printed says what it says
            lead_to_where_we_are(attempts)
        cipher()  # opened while there is a transaction, because messages are unsealed when there is none
    return replace(claimed, attempts=attempts)


def _with_accounts(ids: Sequence[UUID]) -> list[DeliveryAttempt]:
    """The attempts in order; those of one account share it, so that its credentials are opened once."""
    attempts = list(DeliveryAttempt.objects.filter(pk__in=AnyOf(ids)).order_by("pk"))
    accounts = ProviderAccount.objects.in_bulk({attempt.account_id for attempt in attempts})
    for attempt in attempts:
        attempt.account = accounts[attempt.account_id]
    return attempts


def _choose(*, channel: Channel, now: datetime, limit: int, only_printed: bool) -> list[UUID]:
    """Lock attempts that may leave, the longest due first."""
    free = places(channel=channel, now=now, limit=limit) if limit else 0
    if not free:
        return []
    waiting = due(channel=channel, now=now)
    if only_printed:
        waiting = waiting.filter(letters__isnull=False)
    queue = waiting.order_by("not_before", "id").select_for_update(skip_locked=True, of=("self",))
    for _ in range(LOOKS):
        found = _apart(queue.values_list("pk", "losses")[:free])
        chosen = within_budget(found, channel=channel, now=now)
        if chosen or not found:
            return chosen
    return []  # so many were put off that the next round goes on


def _apart(waiting: Iterable[tuple[UUID, int]]) -> list[UUID]:
    """The first message alone if it is suspect, else those that are not."""
    found = list(waiting)
    if found and found[0][1] >= SUSPECT:
        return [found[0][0]]
    return [pk for pk, losses in found if losses < SUSPECT]


def hand_over(claimed: Claimed, threads: Executor | None = None) -> dict[UUID, Receipt | Failure]:
    """Give every message to its provider, several at a time. No transaction may be open here.

    ``threads``: of `threads_of` the channel, to be used again for the next ones.
    """
    results: dict[UUID, Receipt | Failure] = {}
    senders: dict[UUID, Sends] = {}
    ready: list[tuple[Sends, Message]] = []
    for attempt in claimed.attempts:
        try:  # values are opened here, because threads have no tenant scope
            if attempt.account_id not in senders:
                senders[attempt.account_id] = sender_of(attempt.account)
            ready.append((senders[attempt.account_id], message_of(attempt)))
        except KeysUnavailable:
            results[attempt.pk] = TransientFailure(LOCKED)
        except Failure as failure:  # of the account, before any message
            results[attempt.pk] = failure
        except PersonShredded:
            results[attempt.pk] = PermanentFailure("erased")
        except (CannotDecrypt, KeyError, TypeError, ValueError):
            results[attempt.pk] = PermanentFailure("unreadable")
    if not ready:
        return results
    waiting = iter(ready)  # the threads take from it in turn

    def send(_: int) -> list[tuple[UUID, Receipt | Failure]]:
        return [
            (message.attempt_id, TransientFailure(LATE) if claimed.is_late else _send(sender, message))
            for sender, message in waiting
        ]

    channel = Channel(claimed.attempts[0].channel)
    with nullcontext(threads) if threads else _threads(channel) as pool:
        for answers in pool.map(send, range(min(threads_of(channel), len(ready)))):
            results.update(answers)
    return results


def _threads(channel: Channel) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads_of(channel), thread_name_prefix="send")


def message_of(attempt: DeliveryAttempt) -> Message:
    """The frozen message: equal on every try."""
    snapshot = attempt.snapshot
    return Message(
        attempt_id=attempt.pk,
        to=snapshot["to"],
        text=snapshot["text"],
        subject=snapshot.get("subject", ""),
        html=snapshot.get("html", ""),
        link=snapshot["link"],
        mark=snapshot.get("mark", ""),
        template=snapshot.get("template", ""),
    )


def _send(sender: Sends, message: Message) -> Receipt | Failure:
    try:
        return sender.send(message)
    except Failure as failure:
        return failure
    except Exception as error:  # a fault of ours or of a library must not take the batch with it
        log.error("Adapter of %s failed with %s.", sender.channel, type(error).__name__)
        if sender.may_repeat(message.to):
            return TransientFailure(BROKEN)
        return AmbiguousFailure(BROKEN)
