"""Blind indexes of the customer file: what is looked up, folded how, under which purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from customers.folding import fold, fold_address, fold_kana, fold_name, fold_number
from tenants.keys import blind_index, cipher

NAME = "customer.name"
KANA = "customer.kana"
PERSON = "customer.person"
SOURCE = "customer.source"
CONTACT = "contact."


def name_index(name: str | None) -> bytes | None:
    """For a person's or company's name; width, spaces, legal form and old kanji make no difference."""
    return blind_index(NAME, fold_name(name)) if name else None


def kana_index(kana: str | None) -> bytes | None:
    """For a reading; width, hiragana, small kana and long marks make no difference."""
    return blind_index(KANA, fold_kana(kana)) if kana else None


def person_key(folded: str | None, birth_on: str | None) -> str | None:
    """What the blind index of a person is made from, of a folded name; None where one of the two is not known."""
    return f"{folded} {birth_on}" if folded and birth_on else None


def person_index(name: str | None, birth_on: str | None) -> bytes | None:
    """For a person's name and date of birth together: two customers who share it may be one person."""
    key = person_key(fold_name(name) if name else None, birth_on)
    return blind_index(PERSON, key) if key else None


def contact_index(channel: str, value: Any) -> bytes:
    """For a contact point's value as ContactPoint stores it; a postal address by its folded text."""
    return contact_indexes([(channel, value)])[0]


def contact_indexes(points: Sequence[tuple[str, Any]]) -> list[bytes]:
    """As `contact_index`, for many contact points, as (channel, value)."""
    crypt, found = cipher(), [b""] * len(points)
    places: dict[str, list[int]] = {}
    for at, (channel, _) in enumerate(points):
        places.setdefault(channel, []).append(at)
    for channel, mine in places.items():
        indexes = crypt.index_many(CONTACT + channel, [contact_key(channel, points[at][1]) for at in mine])
        for at, index in zip(mine, indexes, strict=True):
            found[at] = index
    return found


def contact_key(channel: str, value: Any) -> str:
    """What the blind index of a contact point is made from."""
    match channel:
        case "POST":
            address = value if isinstance(value, Mapping) else {}
            return fold_number(str(address.get("postal_code") or "")) + fold_address(str(address.get("address") or ""))
        case "EMAIL":
            return fold(str(value))
        case _:
            return str(value)
