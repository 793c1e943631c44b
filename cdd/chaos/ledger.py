"""Compares, one by one, what we say became of each message with what the providers really accepted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

# Ways by which a repeat is recognised or a provider can be asked: exactly once. The others: never twice, and what
# cannot be known is said to be unknown.
EXACTLY_ONCE = frozenset({"push", "sms", "post"})
AT_MOST_ONCE = frozenset({"notification", "email"})
TAKEN, OPEN = frozenset({"ACCEPTED", "DELIVERED"}), frozenset({"QUEUED", "SENDING", "UNKNOWN"})
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WAY_OF = {"line": "push", "pnp": "notification", "sms": "sms", "email": "email", "post": "post"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What our own tables say of one message."""

    attempt_id: UUID
    way: str
    status: str
    tries: int


@dataclass(slots=True)
class Count:
    """One way's figures. Of what is in doubt we say that we do not know, and the next channel or a person has its
    turn; ``lost``: nobody accepted it, though one could know; ``untrue``: our word and the provider's differ."""

    messages: int = 0
    accepted_once: int = 0
    in_doubt_accepted: int = 0
    in_doubt_not_accepted: int = 0
    duplicates: int = 0
    lost: int = 0
    untrue: int = 0
    open: int = 0


@dataclass(slots=True)
class Balance:
    """All figures, and what is wrong with them."""

    ways: dict[str, Count] = field(default_factory=dict)
    strays: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Nothing lost, nothing twice, nothing said that is not so, and the sums are equal."""
        return not self.faults


def attempt_of(message: Mapping[str, Any]) -> UUID | None:
    """Our id in what a provider kept: retry key, delivery tag, callback address, Message-ID or number of the piece."""
    kept = message["details"]
    for text in (kept.get("retry_key"), kept.get("tag"), kept.get("callback"), message["id"]):
        found = _ID.findall(str(text or "").lower())
        if found:
            return UUID(found[-1])
    return None


def balance_of(
    claims: Sequence[Claim], accepted: Iterable[Mapping[str, Any]], *, doubtful: Container[str] = AT_MOST_ONCE
) -> Balance:
    """Every message of ours against every message of theirs. ``doubtful``: ways that nobody can be asked about."""
    known = {claim.attempt_id: claim for claim in claims}
    times: Counter[UUID] = Counter()
    balance = Balance()
    for message in accepted:
        attempt_id = attempt_of(message)
        if attempt_id is None or attempt_id not in known or known[attempt_id].way != _WAY_OF.get(message["channel"]):
            balance.strays += 1
        else:
            times[attempt_id] += 1
    for claim in claims:
        count = balance.ways.setdefault(claim.way, Count())
        count.messages += 1
        fault = _put(count, claim, times[claim.attempt_id], doubtful)
        if fault:
            balance.faults.append(
                f"{claim.way} {claim.attempt_id}: {claim.status}, accepted {times[claim.attempt_id]} times: {fault}"
            )
    if balance.strays:
        balance.faults.append(f"{balance.strays} messages at the providers are none of ours")
    balance.faults += [
        f"{way}: {count.messages} messages, but the figures add up to {total}"
        for way, count in balance.ways.items()
        if (
            total := count.accepted_once
            + count.in_doubt_accepted
            + count.in_doubt_not_accepted
            + count.duplicates
            + count.lost
            + count.untrue
            + count.open
        )
        != count.messages
    ]
    return balance


def _put(count: Count, claim: Claim, times: int, doubtful: Container[str]) -> str:
    """Count one message; what is wrong with it, or nothing."""
    if times > 1:
        count.duplicates += 1
        return "sent twice"
    if claim.status in OPEN:
        count.open += 1
        return "not brought to an end"
    if claim.status in TAKEN:
        if times:
            count.accepted_once += 1
            return ""
        count.untrue += 1
        return "nobody accepted it"
    if claim.way in doubtful:
        count.in_doubt_accepted += times
        count.in_doubt_not_accepted += 1 - times
        return ""
    if times:
        count.untrue += 1
        return "accepted, and we say that it failed"
    count.lost += 1
    return "lost"
