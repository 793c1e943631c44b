"""Numbers that people read aloud and type: a check digit finds the slip before anything is looked up."""

from __future__ import annotations

# Finds each wrong digit and each swap of neighbours (H. M. Damm, 2004).
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def check_digit(digits: str) -> str:
    """The Damm check digit; over a whole number that ends with its own, it is "0"."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)
