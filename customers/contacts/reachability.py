"""How well a customer can be reached, as one number with its reasons: a pure rule, no Django, no clock.

Each address on file is worth what its last success says of it, and the best one counts; every further address that is
not known to be dead adds a little, because it is another try. An address that failed is worth nothing until something
arrives there again. That a customer wants no messages on a channel is another matter, and not counted here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from customers.contacts.health import DEAD, Health

# Days since the last success, and what the address is worth up to then: as long as the usual cycles of review.
FRESH, KNOWN = 365, 3 * 365
WORTH_FRESH, WORTH_KNOWN, WORTH_OLD, WORTH_UNTRIED = 90, 70, 50, 30
FURTHER = 3
MOST = 100


class Band(StrEnum):
    """The score in words."""

    HIGH = "HIGH"  # something arrived within a year
    MEDIUM = "MEDIUM"  # something arrived, longer ago
    LOW = "LOW"  # nothing was ever seen to arrive
    NONE = "NONE"  # no address, or none that works


# The least score of each band.
FROM = {Band.HIGH: WORTH_FRESH, Band.MEDIUM: WORTH_OLD, Band.LOW: 1, Band.NONE: 0}


@dataclass(frozen=True, slots=True)
class Way:
    """One current address: ``last_success_on`` is a day in Japan."""

    channel: str
    health: str
    last_success_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reachability:
    """The score, 0 to 100, and what each address is worth, in the order they were given."""

    score: int
    worth: tuple[int, ...]

    @property
    def band(self) -> Band:
        """The score in words."""
        return next(band for band, least in FROM.items() if self.score >= least)

    @property
    def best(self) -> int:
        """What the best address is worth."""
        return max(self.worth, default=0)

    @property
    def further(self) -> int:
        """What the other addresses add."""
        return self.score - self.best


def worth_of(way: Way, today: date) -> int:
    """What one address is worth on a day."""
    if way.health in DEAD:
        return 0
    if way.health != Health.VERIFIED:
        return WORTH_UNTRIED
    if way.last_success_on is None:
        return WORTH_OLD
    age = (today - way.last_success_on).days
    return WORTH_FRESH if age <= FRESH else WORTH_KNOWN if age <= KNOWN else WORTH_OLD


def reachability(ways: Iterable[Way], today: date) -> Reachability:
    """How well a customer with these addresses can be reached on a day."""
    worth = tuple(worth_of(way, today) for way in ways)
    alive = sum(1 for value in worth if value)
    score = min(MOST, max(worth) + FURTHER * (alive - 1)) if alive else 0
    return Reachability(score, worth)
