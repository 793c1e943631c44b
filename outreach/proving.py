"""Whether somebody on the telephone knows what the customer would know; what is on file is never said."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from customers.accounts.proving import digits, knows_account, last_four
from customers.folding import fold_address

NEEDED = 2


@dataclass(frozen=True, slots=True)
class Said:
    """What the person says, as staff typed it; None and "" where they were not asked."""

    birth_on: date | None = None
    last_digits: str = ""
    phone_digits: str = ""
    address: str = ""

    @property
    def count(self) -> int:
        """How many facts were given."""
        return sum(map(bool, (self.birth_on, self.last_digits, self.phone_digits, self.address)))


def agrees(said: Said, facts: Mapping[str, object]) -> bool:
    """Whether enough was said and all of it is right. Every fact is compared, so that time tells nothing."""
    pairs = [
        (said.birth_on.isoformat() if said.birth_on else "", str(facts.get("birth_on") or "")),
        (digits(said.phone_digits), last_four(facts.get("phone"))),
        (fold_address(said.address), fold_address(str(facts.get("address") or ""))),
    ]
    results = [hmac.compare_digest(given.encode(), held.encode()) for given, held in pairs if given]
    if digits(said.last_digits):
        results.append(knows_account(said.last_digits, facts))
    return len(results) >= NEEDED and all(results)
