"""The style sheet of an institution: made of two colours alone, at an address that says which and what it holds.

Whoever asks for the address gets the sheet without anything being looked up, and may keep it for ever: other colours,
and the same ones made otherwise by a later release, have another address.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache, lru_cache

from django.contrib.staticfiles import finders
from django.urls import reverse

from questionnaires.branding.colouring import BLACK, WHITE, Scheme, is_fine, schemes_of

_WORDS = {"white": WHITE, "black": BLACK}
_NAMES = {words: name for name, words in _WORDS.items()}
_RECIPE = re.compile(r"([0-9a-f]{6})-(white|black)(?:-(light|dark))?")
_DARK = re.compile(r"prefers-color-scheme: dark\) \{\s*:root \{([^}]{1,4000})\}")
_LIGHT = re.compile(r"@layer tokens \{\s*:root \{([^}]{1,4000})\}")


def recipe(colour: str, words: str, scheme: str = "") -> str:
    """What a sheet is made of, as its address says it. ``scheme``: to show one of them whatever the system prefers."""
    made = f"{colour.removeprefix('#')}-{_NAMES[words]}"
    return f"{made}-{scheme}" if scheme else made


@lru_cache(maxsize=256)
def address_of(colour: str, words: str, scheme: str = "") -> str:
    """Where the sheet is served; "" for the standard colours, which pages have anyway."""
    if not colour:
        return ""
    made = recipe(colour, words, scheme)
    return reverse("look-sheet", args=[made, digest_of(sheet_of(made))])


@lru_cache(maxsize=64)
def sheet_of(made: str) -> str:
    """The sheet by its recipe; "" if there is no such, or customers' pages may not have that colour."""
    found = _RECIPE.fullmatch(made)
    colour, words = (f"#{found[1]}", _WORDS[found[2]]) if found else ("", "")
    if not found or not is_fine(colour, words):
        return ""
    schemes = schemes_of(colour, words)
    if found[3]:
        return f":root{{color-scheme:{found[3]};{_tokens(found[3])}{_set(schemes[found[3]])}}}\n"
    return (
        f":root{{{_set(schemes['light'])}}}\n@media (prefers-color-scheme:dark){{:root{{{_set(schemes['dark'])}}}}}\n"
    )


def digest_of(sheet: str) -> str:
    """What tells two sheets apart."""
    return hashlib.sha256(sheet.encode()).hexdigest()[:12]


def _set(scheme: Scheme) -> str:
    return f"--brand:{scheme.brand};--brand-strong:{scheme.strong};--on-brand:{scheme.words}"


@cache
def _tokens(scheme: str) -> str:
    """All tokens of one scheme, for a preview of it."""
    path = finders.find("css/portal-tokens.css")
    assert isinstance(path, str)
    with open(path, encoding="utf-8") as file:
        found = (_DARK if scheme == "dark" else _LIGHT).search(file.read())
    assert found
    return " ".join(found[1].split())
