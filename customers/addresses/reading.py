"""An address taken apart as it is written, and whether its postal code says the same. Nothing is changed or guessed.

The parts are pieces of the text itself. Only names that Japan Post's list has are called a contradiction: who writes an
old or unusual name is not doubted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from customers.addresses.places import Place, municipalities, places_of, towns_nearby
from customers.folding import fold_address

_KANJI_DIGITS = "〇一二三四五六七八九"
# Numbers in names: 「北一条西」is also written 「北1条西」.
_COUNTED = re.compile(rf"[{_KANJI_DIGITS}十百]{{1,8}}(?=条|丁目|番|号|線)")
# Written either way in one and the same name; katakana by now.
_EITHER_WAY = str.maketrans("ヶガヵッ之", "ケケケツノ")
_DASH = "[-‐‑‒–—―−ーｰ－]"
_NUMBER = rf"(?:[0-9０-９]{{1,10}}|[{_KANJI_DIGITS}十百]{{1,8}}(?=丁目|番|号))"
_UNIT = r"(?:丁目|番地の?|番|号(?![室棟館])|地割)"
_NOT_A_FLOOR = r"(?![0-9０-９]{0,10}(?:階|[FＦ]|号室))"
_BLOCK = re.compile(
    rf"{_NUMBER}(?:{_UNIT}\s*(?:{_DASH}|の)?(?:{_NOT_A_FLOOR}{_NUMBER})?|(?:{_DASH}|の){_NOT_A_FLOOR}{_NUMBER})*"
)
_BETWEEN = " \u3000-－−、，,"
_FIRST_NUMBER = re.compile(_NUMBER)
# Said before a town, or not.
_SECTION = re.compile("大字|字")
# Towns of Kyoto come after the streets that lead there.
_BY_STREETS = "京都市"


@dataclass(frozen=True, slots=True)
class Parts:
    """Pieces of one address, in its own writing; "" for what it does not say or we cannot tell."""

    prefecture: str = ""
    municipality: str = ""
    town: str = ""
    block: str = ""
    building: str = ""


class Verdict(StrEnum):
    """What comparing a postal code with its address comes to."""

    AGREES = "agrees"
    OTHER_PREFECTURE = "other_prefecture"
    OTHER_MUNICIPALITY = "other_municipality"
    OTHER_TOWN = "other_town"
    NOT_COMPARED = "not_compared"  # the code or the names are not in the list


CONTRADICTIONS = (Verdict.OTHER_PREFECTURE, Verdict.OTHER_MUNICIPALITY, Verdict.OTHER_TOWN)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text folded for comparing; ``at[i]`` is where the folded character i came from."""

    folded: str
    at: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What of the list an address names: municipalities (several share a name), a town, and how far each reaches."""

    prefecture: str = ""
    candidates: tuple[tuple[str, str], ...] = ()
    town: str = ""
    ends: tuple[int, int, int] = (0, 0, 0)


def compare(postal_code: str, address: str) -> Verdict:
    """Whether an address lies where its postal code, seven digits, says."""
    places = places_of(postal_code)
    if any(address.startswith(place.text) for place in places):
        return Verdict.AGREES
    return _judged(places, _find(_fold_text(address), postal_code), postal_code) if places else Verdict.NOT_COMPARED


def parts_of(address: str, postal_code: str = "") -> Parts:
    """The address in parts; the postal code, seven digits, tells which towns to look for.

    An address whose municipality is not in the list has none: abroad, or a municipality that has become another.
    """
    text = _fold_text(address)
    found = _find(text, postal_code)
    if not found.candidates:
        return Parts()
    prefecture, municipality, town = (text.at[end] for end in found.ends)
    if town == municipality and (first := _FIRST_NUMBER.search(address, municipality)):
        town = first.start()
    rest = address[town:].lstrip()
    block = found_block.group() if (found_block := _BLOCK.match(rest)) else ""
    return Parts(
        address[:prefecture].strip(),
        address[prefecture:municipality].strip(),
        address[municipality:town].strip(),
        block.strip(),
        rest[len(block) :].strip(_BETWEEN),
    )


def beginnings_of(postal_code: str) -> list[str]:
    """What an address with this postal code, seven digits, begins with: several where the code is of several towns."""
    return list(dict.fromkeys(place.text for place in places_of(postal_code)))


def shared_beginning(postal_code: str) -> str:
    """What every address with this postal code, seven digits, begins with; "" for no such code."""
    places = places_of(postal_code)
    if len({place.text for place in places}) == 1:
        return places[0].text
    if len({(place.prefecture, place.municipality) for place in places}) == 1:
        return places[0].prefecture + places[0].municipality
    return places[0].prefecture if len({place.prefecture for place in places}) == 1 else ""


def _judged(places: Iterable[Place], found: _Found, postal_code: str) -> Verdict:
    if not found.candidates:
        is_elsewhere = found.prefecture and all(place.prefecture != found.prefecture for place in places)
        return Verdict.OTHER_PREFECTURE if is_elsewhere else Verdict.NOT_COMPARED
    if all(place.prefecture != prefecture for place in places for prefecture, _ in found.candidates):
        return Verdict.OTHER_PREFECTURE
    here = [place for place in places if (place.prefecture, place.municipality) in found.candidates]
    if not here:
        return Verdict.OTHER_MUNICIPALITY
    towns = [_name(place.town) for place in here]
    if not all(towns):  # the code is of every town without one of its own
        return Verdict.AGREES
    if not found.town:
        return Verdict.NOT_COMPARED
    # A tower has a code and a name of its own that begin with its town's.
    is_same = any(town.startswith(found.town) or found.town.startswith(town) for town in towns)
    return Verdict.AGREES if is_same else Verdict.OTHER_TOWN


def _find(text: _Text, postal_code: str) -> _Found:
    prefecture = next((name for name in _prefectures() if text.folded.startswith(_name(name))), "")
    start = len(_name(prefecture)) if prefecture else 0
    written, candidates = _municipality(text.folded[start:], prefecture)
    end = start + len(written)
    if not candidates:
        return _Found(prefecture, (), "", (start, start, start))
    places = places_of(postal_code) if postal_code else ()
    if nearer := tuple(one for one in candidates if any(one[0] == place.prefecture for place in places)):
        candidates = nearer
    town, reach = _town(text.folded, end, postal_code, candidates)
    return _Found(prefecture, candidates, town, (start, end, reach))


def _municipality(folded: str, prefecture: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The longest name of a municipality that the text begins with, and whose it may be."""
    for written, places in _by_beginning().get(folded[:2], ()):
        if folded.startswith(written):
            mine = tuple(place for place in places if prefecture in ("", place[0]))
            if mine:
                return written, mine
    return "", ()


def _town(folded: str, start: int, postal_code: str, candidates: Iterable[tuple[str, str]]) -> tuple[str, int]:
    """The longest town of these municipalities that follows, folded, and where it ends; ("", start) for none."""
    begins = section.end() if (section := _SECTION.match(folded, start)) else start
    best, reach = "", start
    for prefecture, municipality in candidates:
        is_by_streets = municipality.startswith(_BY_STREETS)
        for town in _towns(postal_code, prefecture, municipality) if postal_code else ():
            at = folded.find(town, start) if is_by_streets else begins
            if at >= 0 and len(town) > len(best) and folded.startswith(town, at):
                best, reach = town, at + len(town)
    return best, reach


@lru_cache(maxsize=1_024)
def _towns(postal_code: str, prefecture: str, municipality: str) -> frozenset[str]:
    own = {
        place.town
        for place in places_of(postal_code)
        if (place.prefecture, place.municipality) == (prefecture, municipality)
    }
    return frozenset(_name(town) for town in {*own, *towns_nearby(postal_code, prefecture, municipality)} if town)


@cache
def _prefectures() -> tuple[str, ...]:
    return tuple(dict.fromkeys(prefecture for places in municipalities().values() for prefecture, _ in places))


@cache
def _by_beginning() -> Mapping[str, list[tuple[str, tuple[tuple[str, str], ...]]]]:
    """The municipalities by the first two letters of their folded names, the longest first."""
    places: dict[str, list[tuple[str, str]]] = {}
    for written, named in municipalities().items():  # 鹿島市 and 鹿嶋市 are one when folded
        places.setdefault(_name(written), []).extend(named)
    found: dict[str, list[tuple[str, tuple[tuple[str, str], ...]]]] = {}
    for name in sorted(places, key=len, reverse=True):
        found.setdefault(name[:2], []).append((name, tuple(places[name])))
    return found


@lru_cache(maxsize=65_536)
def _name(text: str) -> str:
    return (
        _SECTION.sub("", _fold_text(text).folded, count=1)
        if text.startswith(("大字", "字"))
        else _fold_text(text).folded
    )


def _fold_text(text: str) -> _Text:
    numbers = {match.start(): match for match in _COUNTED.finditer(text)}
    folded: list[str] = []
    at: list[int] = []
    index = 0
    while index < len(text):
        number = numbers.get(index)
        piece = str(_count(number[0])) if number else _fold_letter(text[index])
        folded.append(piece)
        at += [index] * len(piece)
        index = number.end() if number else index + 1
    return _Text("".join(folded), (*at, len(text)))


@lru_cache(maxsize=8_192)
def _fold_letter(letter: str) -> str:
    return fold_address(letter).translate(_EITHER_WAY)


def _count(written: str) -> int:
    """「二十四」 as 24, and 「二四」too."""
    total = digit = 0
    for letter in written:
        if letter in "十百":
            total += (digit or 1) * (10 if letter == "十" else 100)
            digit = 0
        else:
            digit = digit * 10 + _KANJI_DIGITS.index(letter)
    return total + digit
