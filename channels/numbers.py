"""Reference numbers of notices: short, easy to read aloud, with a check digit, and not to be guessed."""

from __future__ import annotations

import secrets
import unicodedata

# 29 signs, a prime: the check digit then catches every wrong sign and every swap. None looks like another in print.
SIGNS = "23456789ABCDEFGHJKMNPRSTVWXYZ"
LENGTH = 10  # nine by chance (1.4e13 of them) and the check digit


def new_number() -> str:
    """A number by chance: it says nothing about whom or what it belongs to."""
    body = "".join(secrets.choice(SIGNS) for _ in range(LENGTH - 1))
    return body + _check_digit(body)


def written(number: str) -> str:
    """As customers read it: two groups of five."""
    return f"{number[:5]}-{number[5:]}" if number else ""


def read_number(typed: str) -> str | None:
    """The number somebody typed, in any width or case and with any hyphens; None if it cannot be one."""
    text = unicodedata.normalize("NFKC", typed).upper()
    number = "".join(sign for sign in text if sign.isalnum())
    if len(number) != LENGTH or any(sign not in SIGNS for sign in number):
        return None
    return number if _check_digit(number[:-1]) == number[-1] else None


def _check_digit(body: str) -> str:
    total = sum(place * SIGNS.index(sign) for place, sign in enumerate(body, start=1))
    return SIGNS[total % len(SIGNS)]
