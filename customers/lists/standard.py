"""The lists that every institution begins with, in all languages. No Django, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from customers.codes import INDUSTRIES, OCCUPATIONS, PURPOSES, SOURCES_OF_FUNDS, Label, Listed
from customers.lists.content import Content, Entry

_NAMES: Mapping[str, Label] = {
    "occupation": Label("職業", "Occupations"),
    "industry": Label("業種", "Kinds of business"),
    "purpose": Label("取引目的", "Purposes of transactions"),
    "source_of_funds": Label("資金の原資", "Sources of funds"),
}
_LISTED: Mapping[str, Listed] = {one.key: one for one in (OCCUPATIONS, INDUSTRIES, PURPOSES, SOURCES_OF_FUNDS)}
# Lists whose codes a fact of the customer file is, under the fact's own key.
STANDARD_KEYS: tuple[str, ...] = tuple(_NAMES)


@cache
def standard_content(key: str) -> Content:
    """The product's own list, by its key."""
    more = _words()[key]
    return Content(
        _NAMES[key],
        tuple(
            Entry(code, {"ja": label.ja, "en": label.en, **more.get(code, {})})
            for code, label in _LISTED[key].standard.items()
        ),
    )


def listed(key: str) -> Listed:
    """A list by its key, the product's or of the institution's making, as it is in force wherever it is read."""
    return _LISTED.get(key) or Listed(key, {})


def standard_codes(key: str) -> frozenset[str]:
    """The codes that the product's own list has; none for a list of the institution's making."""
    return frozenset(_LISTED[key].standard) if key in _LISTED else frozenset()


@cache
def _words() -> dict[str, dict[str, dict[str, str]]]:
    """What codes are called in the languages that the catalogue of facts does not speak."""
    loaded: dict[str, dict[str, dict[str, str]]] = json.loads(
        (Path(__file__).parent / "words.json").read_text(encoding="utf-8")
    )
    return loaded
