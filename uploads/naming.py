"""The name a file came with, made fit to be shown. It never becomes a path or the name of a download."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 80
# Names that Windows keeps for devices, whatever follows the first dot.
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[/\\:]")
# Control, format (among them those that turn the direction of writing), private, surrogate and unassigned characters.
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def shown_name(given: str) -> str:
    """At most 80 visible characters of the last part of a path; empty when nothing is left of it."""
    last = _SEPARATORS.split(given)[-1]
    seen = "".join(" " if char.isspace() else char for char in last if unicodedata.category(char) not in _UNSEEN)
    seen = seen.strip(" .")
    if _RESERVED.match(seen):
        seen = "_" + seen
    return _shortened(seen)


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 5:
        return name[: LONGEST - 1] + "…"
    return f"{stem[: LONGEST - len(ending) - 2]}….{ending}"
