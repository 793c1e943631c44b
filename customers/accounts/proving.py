"""Whether somebody knows the end of an account number of the customer; how many accounts there are is never felt."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from customers.accounts.rules import ACCOUNTS, MOST, is_open


def knows_account(said: str, facts: Mapping[str, Any]) -> bool:
    """Whether ``said`` are the last four digits of any account that is open; in any width, with any dashes.

    Where none is known to be open, the customer's account number does. As many numbers are compared whoever it is,
    each in constant time, and a number too short to have four digits never agrees.
    """
    given = digits(said).encode()
    held = [last_four(number) for number in _numbers(facts)]
    results = [hmac.compare_digest(given, one.encode()) and bool(one) for one in held + [""] * (MOST - len(held))]
    return any(results)


def digits(value: object) -> str:
    """The digits of what was typed or is on file, narrow."""
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", str(value or "")))


def last_four(value: object) -> str:
    """The last four of them, or nothing."""
    found = digits(value)
    return found[-4:] if len(found) >= 4 else ""


def _numbers(facts: Mapping[str, Any]) -> list[object]:
    still = [account["number"] for account in facts.get(ACCOUNTS) or () if is_open(account)]
    return still or [facts.get("account_number")]
