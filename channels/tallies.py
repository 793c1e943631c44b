"""How many messages left by an account and how many were refused, by the minutes in which they left: how a spike shows.

Refusals come with the answer or hours later by a report, so each is held against those that left with it. Kept in
Valkey, which all workers share; without it, and after it was lost, each batch is judged alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from redis.exceptions import RedisError

from channels.rates import valkey

SLOT = timedelta(minutes=10)
KEPT = timedelta(days=2)
# So many refused, and so large a share, mean that we are wrong, not the customers.
SPIKE, SPIKE_SHARE = 20, 0.5


@dataclass(frozen=True, slots=True)
class Tally:
    """Of the messages that left together: how many a provider has judged, and how many it refused."""

    judged: int
    refused: int

    @property
    def is_spike(self) -> bool:
        """Whether so many were refused that the line should stop.

        More refused than judged is what is left of a tally that was lost or forgotten, and says nothing.
        """
        return SPIKE <= self.refused <= self.judged and self.refused >= SPIKE_SHARE * self.judged


def add(account_id: UUID, *, left_at: datetime, judged: int, refused: int) -> Tally:
    """Count messages that left at ``left_at``; what is known by now of those that left in the same minutes."""
    key = _key(account_id, left_at)
    try:
        with valkey().pipeline(transaction=False) as pipe:
            pipe.hincrby(key, "judged", judged)
            pipe.hincrby(key, "refused", refused)
            pipe.expire(key, KEPT)
            found = cast(Any, pipe.execute())
    except RedisError:
        return Tally(judged, refused)
    return Tally(int(found[0]), int(found[1]))


def forget(account_id: UUID, *, now: datetime) -> None:
    """A person has looked: what was refused until now stops nothing any more."""
    slots = range(KEPT // SLOT + 1)
    try:
        valkey().delete(*(_key(account_id, now - SLOT * slot) for slot in slots))
    except RedisError:  # then it is gone, or the line stops once more
        return


def _key(account_id: UUID, at: datetime) -> str:
    return f"keizoku:tally:{account_id}:{int(at.timestamp() // SLOT.total_seconds())}"
