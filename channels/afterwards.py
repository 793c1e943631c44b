"""What becomes of an attempt whose worker died or whose answer was lost: one rule for each way of sending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from channels.protocols import Channel

QUEUED, SENDING, UNKNOWN, FAILED, ACCEPTED = "QUEUED", "SENDING", "UNKNOWN", "FAILED", "ACCEPTED"


class Way(StrEnum):
    """The ways of sending that differ in what can be known afterwards."""

    PUSH = "LINE push"
    NOTIFICATION = "LINE notification message"
    SMS = "SMS"
    EMAIL = "E-mail"
    POST = "Post"


class Asks(StrEnum):
    """Who is asked about an unknown attempt."""

    NOBODY = "nobody"
    LIST = "the provider's list"
    JOB = "the print shop, by its job"


@dataclass(frozen=True, slots=True)
class Rule:
    """Where an attempt goes that was being sent when its worker died, and how it comes to an end."""

    released_to: str  # when the lease ends
    asks: Asks
    # How long after becoming unknown it is given up; None: as soon as the provider says that it has nothing.
    given_up_after: timedelta | None
    given_up_to: str
    code: str
    why: str

    @property
    def may_repeat(self) -> bool:
        """The provider knows a repeat by its key, so that no answer to it leaves a doubt."""
        return self.released_to == QUEUED

    @property
    def leaves_in_waves(self) -> bool:
        """Nobody can be asked afterwards and nothing makes a repeat safe, so it is noted which messages have begun."""
        return self.asks == Asks.NOBODY and self.released_to == UNKNOWN


# Twilio drops what is still in its queue after ten minutes, so its list is final some time later.
LIST_IS_FINAL = timedelta(minutes=15)
# A relay cannot be asked. After this long the mail counts as lost, and another channel has its turn.
MAIL_IS_LOST = timedelta(minutes=30)
# A letter whose job nobody remembers is reported by the shop within days, or was never printed.
LETTER_IS_LOST = timedelta(days=3)
NO_ANSWER = "no_answer"
# A notification message without a delivery event for this long was not delivered.
CONFIRMATION = timedelta(hours=24)

RULES = {
    Way.PUSH: Rule(
        QUEUED, Asks.NOBODY, None, QUEUED, "lease_expired",
        "sent again under the same retry key: LINE answers 409 if it has it",
    ),
    Way.NOTIFICATION: Rule(
        UNKNOWN, Asks.NOBODY, CONFIRMATION, FAILED, "undelivered",
        "its delivery event, which carries the attempt's id, settles it; a day without one means not delivered",
    ),
    Way.SMS: Rule(
        UNKNOWN, Asks.LIST, LIST_IS_FINAL, QUEUED, "never_listed",
        "found in the list or reported by callback: accepted; not in the list when it is final: sent again",
    ),
    Way.EMAIL: Rule(
        UNKNOWN, Asks.NOBODY, MAIL_IS_LOST, FAILED, NO_ANSWER,
        "a relay cannot be asked; never repeated, and another channel has its turn",
    ),
    Way.POST: Rule(
        UNKNOWN, Asks.JOB, None, QUEUED, "never_got",
        "the shop knows the job: accepted; it never got the job: handed over again",
    ),
}  # fmt: skip


def way_of(channel: str, *, is_push: bool) -> Way:
    """By which rule an attempt goes."""
    match Channel(channel):
        case Channel.LINE:
            return Way.PUSH if is_push else Way.NOTIFICATION
        case Channel.SMS:
            return Way.SMS
        case Channel.EMAIL:
            return Way.EMAIL
        case Channel.POST:
            return Way.POST


class Point(StrEnum):
    """Where a worker can die. The tests stop one at each of them."""

    BEFORE_CLAIM = "before the claim commits"
    CLAIMED = "after the claim, before its wave begins"
    BEGUN = "in its wave, before the provider has it"
    AFTER_HANDOVER = "after the provider took it"
    BEFORE_SETTLE = "before the settling commits"
    AFTER_SETTLE = "after the settling"


@dataclass(frozen=True, slots=True)
class Fate:
    """What a crash leaves, and how it ends: ``path`` are the statuses from the crash on."""

    found: str
    path: tuple[str, ...]
    sends: int  # how often the provider has taken it in the end


def fate_of(way: Way, point: Point) -> Fate:
    """The statuses an attempt passes after a crash, when nothing else goes wrong."""
    rule = RULES[way]
    if point == Point.BEFORE_CLAIM:
        return Fate(QUEUED, (QUEUED, SENDING, ACCEPTED), 1)
    if point == Point.AFTER_SETTLE:
        return Fate(ACCEPTED, (ACCEPTED,), 1)
    if rule.released_to == QUEUED or (point == Point.CLAIMED and rule.leaves_in_waves):
        return Fate(SENDING, (SENDING, QUEUED, SENDING, ACCEPTED), 1)
    was_taken = point in (Point.AFTER_HANDOVER, Point.BEFORE_SETTLE)
    if rule.asks != Asks.NOBODY:
        again = () if was_taken else (QUEUED, SENDING)
        return Fate(SENDING, (SENDING, UNKNOWN, *again, ACCEPTED), 1)
    return Fate(SENDING, (SENDING, UNKNOWN, rule.given_up_to), int(was_taken))


def table() -> Iterator[tuple[Way, Point, Fate]]:
    """Every way and every point."""
    for way in Way:
        for point in Point:
            yield way, point, fate_of(way, point)
