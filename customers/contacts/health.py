"""What is known of a contact point, and what follows from what was heard of it. No Django, no clock."""

from __future__ import annotations

from enum import StrEnum


class Health(StrEnum):
    """The latest that is certain. All but the first two mean that nothing is sent there until something better is."""

    UNKNOWN = "UNKNOWN"  # never tried, or nothing was heard
    VERIFIED = "VERIFIED"  # a message arrived, or the customer was spoken to or answered
    BOUNCED = "BOUNCED"  # number or address out of use, or somebody else's
    RETURNED = "RETURNED"  # a letter came back, or nobody of that name lives there
    BLOCKED = "BLOCKED"  # it works, and its owner keeps the institution out


DEAD = (Health.BOUNCED, Health.RETURNED, Health.BLOCKED)


class Reason(StrEnum):
    """How it became known, where no provider's own code says so."""

    DELIVERED = "delivered"  # the provider reports that it arrived
    ANSWERED = "answered"  # the customer answered through what was sent there
    SPOKEN_TO = "spoken_to"  # by telephone
    MET = "met"  # at the door
    TIED = "tied"  # LINE confirmed whose account it is
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    WRONG_NUMBER = "wrong_number"
    MOVED = "moved"
    NOT_AT_ADDRESS = "not_at_address"


def dead_health(channel: str) -> Health:
    """What an address is called that a provider found dead. ``channel``: where it is an address of."""
    return Health.RETURNED if channel == "POST" else Health.BOUNCED
