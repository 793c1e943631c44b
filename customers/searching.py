"""Finding customers by part of a name: keyed hashes of neighbouring characters, compared by `=` alone.

Under row-level security only leakproof operators may use an index, which rules out LIKE, trigrams and arrays.
A name is therefore cut into pairs of characters, and each pair leads to who has it (docs/adr/0014).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from customers.folding import fold_kana
from customers.indexing import person_index
from customers.models import Customer, NamePart
from customers.writing import insert_many, update_many
from tenants.identifiers import uuid7_bytes
from tenants.keys import cipher

PART = "customer.part"
ID = 16
_START = "^"

type Named = tuple[bytes, str | None, str | None]


def parts_of(*texts: str | None) -> set[str]:
    """What texts are found by: each pair of neighbouring characters, and the first character as such."""
    parts = set()
    for text in texts:
        if folded := fold_kana(text or ""):
            parts.add(_START + folded[0])
            parts.update(map("".join, pairwise(folded)))
    return parts


def enter_parts(named: Sequence[Named]) -> None:
    """Make customers findable that have no parts yet, given as (id, name, kana); one statement."""
    holders: dict[tuple[str, int], list[bytes]] = defaultdict(list)
    for pk, name, kana in named:
        moment = _moment(pk)
        for part in parts_of(name, kana):
            holders[part, moment].append(pk)
    tokens = _tokens({part for part, _ in holders})
    columns: dict[str, Sequence[Any]] = {
        "id": uuid7_bytes(len(holders)),
        "token": [tokens[part] for part, _ in holders],
        "moment": [moment for _, moment in holders],
        "customers": [b"".join(ids) for ids in holders.values()],
    }
    insert_many(NamePart, columns)


def remove_parts(ids: Iterable[UUID]) -> None:
    """Make customers unfindable by name; nothing about their names is left."""
    gone = {pk.bytes for pk in ids}
    near = NamePart.objects.filter(moment__in={_moment(pk) for pk in gone})
    holding = [pk for pk, held in near.values_list("pk", "customers") if not gone.isdisjoint(_ids_in(held))]
    rows = list(NamePart.objects.select_for_update().filter(pk__in=holding).order_by("pk"))
    kept = {row.pk: b"".join(pk for pk in _ids_in(row.customers) if pk not in gone) for row in rows}
    NamePart.objects.filter(pk__in=[pk for pk, held in kept.items() if not held]).delete()
    kept = {pk: held for pk, held in kept.items() if held}
    update_many(NamePart, list(kept), {"customers": list(kept.values())})


def index_customers(*, after: UUID, limit: int = 2_000) -> list[UUID]:
    """Write anew by what the next customers are found and matched, in the order of their ids; returns whose."""
    customers = list(Customer.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:limit])
    ids = [customer.pk for customer in customers]
    remove_parts(ids)
    enter_parts([(one.pk.bytes, one.profile.get("name"), one.profile.get("kana")) for one in customers])
    persons = [person_index(one.profile.get("name"), one.profile.get("birth_on")) for one in customers]
    update_many(Customer, ids, {"person_index": persons})
    return ids


def having_part(rows: QuerySet[Customer], wanted: str) -> QuerySet[Customer]:
    """Those of `rows` with every pair of characters of `wanted`: whoever is meant, and rarely more; see `has_part`."""
    folded = fold_kana(wanted)
    parts = list(map("".join, pairwise(folded))) or [_START + folded]
    holders: dict[int, set[bytes]] = {token: set() for token in _tokens(set(parts)).values()}
    for token, held in NamePart.objects.filter(token__in=list(holders)).values_list("token", "customers"):
        holders[token].update(_ids_in(held))
    found = set.intersection(*holders.values())
    array = "{" + ",".join(pk.hex() for pk in found) + "}"
    return rows.filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [array]))


def has_part(profile: Mapping[str, Any], wanted: str) -> bool:
    """Whether the name or kana really has `wanted` in it (at the beginning, if it is one character)."""
    folded = fold_kana(wanted)
    texts = [fold_kana(profile.get(key) or "") for key in ("name", "kana")]
    return any(text.startswith(folded) if len(folded) == 1 else folded in text for text in texts)


def _tokens(parts: Iterable[str]) -> dict[str, int]:
    """The first eight bytes of each part's keyed hash, as the database's bigint."""
    distinct = list(parts)
    hashes = cipher().index_many(PART, distinct)
    return {part: int.from_bytes(digest[:8], "big", signed=True) for part, digest in zip(distinct, hashes, strict=True)}


def _moment(pk: bytes) -> int:
    return int.from_bytes(pk[:6], "big")


def _ids_in(held: bytes) -> list[bytes]:
    held = bytes(held)
    return [held[at : at + ID] for at in range(0, len(held), ID)]
