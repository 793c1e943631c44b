"""Reference numbers of notices (受付番号): easy to read aloud and to type, with a check digit, and not to be guessed.

One number serves both questions a customer has: whether the notice is ours, and where to answer without its link.
Twelve digits, because telephones and numeric keypads like them; notices of earlier versions carry ten signs, which
are read as before.
"""

from __future__ import annotations

import secrets
import unicodedata
from enum import StrEnum

from tenants.check_digits import check_digit

LENGTH = 12  # eleven by chance (1e11 of them) and the check digit
# Numbers of before: 29 signs, a prime, so that the check digit catches every wrong sign and every swap.
SIGNS = "23456789ABCDEFGHJKMNPRSTVWXYZ"
FORMER_LENGTH = 10
# What people put between the groups; anything else makes it something other than a number.
_BETWEEN = frozenset(" -‐‑‒–—―−ー－_.・/")
_LONGEST = 40


class Slip(StrEnum):
    """Why what was typed cannot be a reference number."""

    LENGTH = "length"
    DIGIT = "digit"


class NotANumber(ValueError):
    """What was typed is no reference number of ours, so nothing was looked up."""

    def __init__(self, slip: Slip) -> None:
        super().__init__(slip.value)
        self.slip = slip


def new_number() -> str:
    """A number by chance: it says nothing about whom or what it belongs to."""
    body = f"{secrets.randbelow(10 ** (LENGTH - 1)):0{LENGTH - 1}d}"
    return body + check_digit(body)


def written(number: str) -> str:
    """As customers read it: three groups of four, or of before two of five."""
    size = 5 if len(number) == FORMER_LENGTH else 4
    return "-".join(number[place : place + size] for place in range(0, len(number), size))


def read_number(typed: str) -> str:
    """The number somebody typed, in any width or case and with any blanks and dashes.

    Raises:
        NotANumber
    """
    text = unicodedata.normalize("NFKC", typed[:_LONGEST]).upper()
    number = "".join(sign for sign in text if sign not in _BETWEEN and not sign.isspace())
    if len(number) == LENGTH and number.isascii() and number.isdigit():
        is_right = check_digit(number) == "0"
    elif len(number) == FORMER_LENGTH and all(sign in SIGNS for sign in number):
        is_right = _former_check_sign(number[:-1]) == number[-1]
    else:
        raise NotANumber(Slip.LENGTH)
    if not is_right:
        raise NotANumber(Slip.DIGIT)
    return number


def _former_check_sign(body: str) -> str:
    total = sum(place * SIGNS.index(sign) for place, sign in enumerate(body, start=1))
    return SIGNS[total % len(SIGNS)]
