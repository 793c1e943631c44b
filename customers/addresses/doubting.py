"""That a postal code and an address are of two places, in words: a hint for people, never a reason to refuse."""

from __future__ import annotations

from customers.addresses.reading import CONTRADICTIONS, compare
from customers.wording import warning


def doubt_of(postal_code: str, address: str) -> str:
    """The hint; "" where both are of one place, one is missing, or the list does not know."""
    if not postal_code or not address:
        return ""
    verdict = compare(postal_code, address)
    return warning(verdict, {}) if verdict in CONTRADICTIONS else ""
