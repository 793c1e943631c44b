"""How many parts a short message is cut into, whether a handset in Japan shows it whole, and what that costs."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

# 3GPP TS 23.038: the default alphabet, and what needs an escape before it.
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
# One message alone, and each part of several: the rest of a part says which of them it is.
GSM_ALONE, GSM_PART = 160, 153
UCS_ALONE, UCS_PART = 70, 67
# What all four carriers of Japan show as one message, in UTF-16 units.
LONGEST = 660


def is_gsm(text: str) -> bool:
    """Whether every character is of the 7-bit alphabet. A single one that isn't makes the whole text UCS-2."""
    return all(char in BASIC or char in EXTENDED for char in text)


def length_of(text: str) -> int:
    """UTF-16 units: a character beyond the first plane counts two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits(text: str) -> bool:
    """Whether every carrier of Japan delivers the text as one message."""
    return length_of(text) <= LONGEST


def count_segments(text: str) -> int:
    """Parts as carriers count and charge them; at least 1, because an empty message is one too."""
    if is_gsm(text):
        return _parts([2 if char in EXTENDED else 1 for char in text], GSM_ALONE, GSM_PART)
    return _parts([length_of(char) for char in text], UCS_ALONE, UCS_PART)


def cost_yen(text: str, yen_per_segment: Decimal) -> Decimal:
    """What sending the text once costs, unrounded."""
    return count_segments(text) * yen_per_segment


def read_price(entered: object) -> Decimal | None:
    """Yen as an account's options have them; None unless it is a price."""
    try:
        price = Decimal(str(entered))
    except InvalidOperation:
        return None
    return price if price.is_finite() and price >= 0 else None


def _parts(sizes: list[int], alone: int, part: int) -> int:
    """No character is cut in two, so a part may end one unit early."""
    if sum(sizes) <= alone:
        return 1
    parts, room = 0, 0
    for size in sizes:
        if size > room:
            parts, room = parts + 1, part
        room -= size
    return parts
