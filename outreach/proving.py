"""Whether somebody on the telephone knows what the customer would know; what is on file is never said."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

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
        (_digits(said.last_digits), _last_four(facts.get("account_number"))),
        (_digits(said.phone_digits), _last_four(facts.get("phone"))),
        (fold_address(said.address), fold_address(str(facts.get("address") or ""))),
    ]
    results = [hmac.compare_digest(given.encode(), held.encode()) for given, held in pairs if given]
    return len(results) >= NEEDED and all(results)


def _digits(value: object) -> str:
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", str(value or "")))


def _last_four(value: object) -> str:
    digits = _digits(value)
    return digits[-4:] if len(digits) >= 4 else ""
