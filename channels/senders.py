"""The numbers that customers see on our short messages, carrier by carrier, as the bank entered them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What the two lines of a letter have room for, in half-width characters.
WIDEST = 100


@dataclass(frozen=True, slots=True)
class SenderNumber:
    """``carrier`` as customers call it, "" for all; ``number`` as it shows on a telephone."""

    carrier: str
    number: str


def numbers_of(options: Mapping[str, Any]) -> list[SenderNumber]:
    """What an account's options say in ``sender_numbers``; else its sender, unless that is the provider's own id."""
    entered = options.get("sender_numbers")
    found = [
        SenderNumber(str(entry.get("carrier") or ""), str(entry["number"]))
        for entry in (entered if isinstance(entered, list) else ())
        if isinstance(entry, Mapping) and entry.get("number")
    ]
    sender = str(options.get("sender") or "")
    if found or not sender or sender.startswith("MG"):
        return found
    return [SenderNumber("", sender)]


def in_a_line(numbers: list[SenderNumber], language: str) -> str:
    """As a letter has it; "" if there are none, or more than a line can say."""
    one = "{carrier} {number}" if language == "en" else "{carrier}は{number}"
    said = [one.format(carrier=n.carrier, number=n.number) if n.carrier else n.number for n in numbers]
    line = (", " if language == "en" else "、").join(said)
    return line if _width(line) <= WIDEST else ""


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)
