"""Letters that an encoding cannot write: named in their place, never replaced. No Django, no clock."""

from __future__ import annotations

import unicodedata

# Of one's own (外字, which the next computer shows as another letter), unassigned, halves of a pair.
_NO_LETTERS = frozenset({"Co", "Cn", "Cs"})


def spelt(text: str, encoding: str) -> tuple[str, list[str]]:
    """The text with ``[U+20BB7]`` for what the encoding lacks or would give back differently, and those code points."""
    if _is_whole(text, encoding):
        return text, []
    out, points = [], []
    for char in text:
        if _is_whole(char, encoding):
            out.append(char)
        else:
            points.append(f"U+{ord(char):04X}")
            out.append(f"[{points[-1]}]")
    return "".join(out), points


def _is_whole(text: str, encoding: str) -> bool:
    try:
        is_same = text.encode(encoding).decode(encoding) == text
    except UnicodeEncodeError:
        return False
    return is_same and not any(unicodedata.category(char) in _NO_LETTERS for char in text)
