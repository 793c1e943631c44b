"""How long a customer of another nationality may stay: to the end of the period, or on while Immigration decides."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

# Statuses of residence that have no period (codes of customers.codes).
WITHOUT_END = frozenset({"special_permanent", "permanent"})


class Stay(StrEnum):
    """How a period of stay stands on a day."""

    VALID = "VALID"
    EXTENDED = "EXTENDED"
    ENDED = "ENDED"


def stay_ends_on(expires_on: date | None, applied_on: date | None) -> date | None:
    """The last day of a stay, as far as the file knows; None where the period is not known.

    Whoever applied for an extension or another status before the period ended may stay until the decision, for two
    months at most (特例期間, 入管法 §20 (5)-(6), for extensions by §21 (4)). A decision that came is a new period on
    file. Not for periods of 30 days and less, which the file cannot tell; those have no accounts.
    """
    if expires_on is None or applied_on is None or applied_on > expires_on:
        return expires_on
    return two_months_from(expires_on)


def has_ended(day: date, ends_on: date | None, *, nationality: str, status: str) -> bool | None:
    """Whether a stay is over on a day in Japan, by its last day (`stay_ends_on`); None where that cannot be told.

    Japanese nationals and permanent residents have no period that could end.
    """
    if nationality == "JP" or status in WITHOUT_END:
        return False
    return None if ends_on is None else ends_on < day


def two_months_from(day: date) -> date:
    """The last day of two months counted from a day, which itself does not count (民法 §140, §143 (2))."""
    begins = day + timedelta(days=1)
    years, month = divmod(begins.month + 1, 12)
    year, month = begins.year + years, month + 1
    last = monthrange(year, month)[1]
    if begins.day > last:
        return date(year, month, last)
    return date(year, month, begins.day) - timedelta(days=1)


def stay_on(day: date, expires_on: date | None, applied_on: date | None) -> Stay | None:
    """How the stay stands on a day in Japan; None where no period is known."""
    ends_on = stay_ends_on(expires_on, applied_on)
    if ends_on is None or expires_on is None:
        return None
    if day <= expires_on:
        return Stay.VALID
    return Stay.EXTENDED if day <= ends_on else Stay.ENDED
