"""Owners as somebody named them beside those that were calculated: who is missing where, and whose share differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from customers.folding import fold_name
from customers.ownership.graph import NotAShare, read_share
from customers.ownership.rules import Rule


class Match(StrEnum):
    """What comes of comparing one owner."""

    AGREES = "AGREES"
    SHARE_DIFFERS = "SHARE_DIFFERS"
    ONLY_NAMED = "ONLY_NAMED"
    ONLY_CALCULATED = "ONLY_CALCULATED"


@dataclass(frozen=True, slots=True)
class Named:
    """An owner as named: ``share`` as people write it, ``birth_on`` as YYYY-MM-DD; either may be empty."""

    name: str
    birth_on: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class Calculated:
    """An owner by the rule; no share where it is not votes that make them one."""

    name: str
    birth_on: str = ""
    share: Fraction | None = None
    rule: Rule | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One owner on both sides, or on one."""

    match: Match
    named: Named | None = None
    calculated: Calculated | None = None


def beside(named: Sequence[Named], calculated: Iterable[Calculated]) -> list[Pair]:
    """Everybody on either side once: those who were named in their order, then those whom nobody named.

    Names are compared as customers are searched, dates of birth where both sides have one.
    """
    left = list(calculated)
    pairs = []
    for one in named:
        found = next((other for other in left if _are_one(one, other)), None)
        if found is None:
            pairs.append(Pair(Match.ONLY_NAMED, one))
            continue
        left.remove(found)
        pairs.append(Pair(Match.AGREES if _shares_agree(one.share, found.share) else Match.SHARE_DIFFERS, one, found))
    return pairs + [Pair(Match.ONLY_CALCULATED, calculated=one) for one in left]


def _are_one(named: Named, calculated: Calculated) -> bool:
    if fold_name(named.name) != fold_name(calculated.name):
        return False
    return not named.birth_on or not calculated.birth_on or named.birth_on == calculated.birth_on


def _shares_agree(said: str, share: Fraction | None) -> bool:
    """A share that was not said differs from none; one that was may be rounded or cut to the places it has."""
    if not said.strip() or share is None:
        return True
    try:
        value = read_share(said)
    except NotAShare:
        return False
    places = len(said.strip().removesuffix("%").partition(".")[2])
    return abs(value - share) < Fraction(1, 100 * 10**places)
