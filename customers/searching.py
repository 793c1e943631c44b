"""Finding customers by number, telephone, e-mail or part of a name: keyed hashes, compared by `=` alone.

Under row-level security only leakproof operators may use an index, which rules out LIKE, trigrams and arrays.
A name is therefore cut into pairs of characters, and each pair leads to who has it (docs/adr/0014).
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from operator import add
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from customers.accounts.rows import follow_accounts
from customers.accounts.rules import ACCOUNTS
from customers.accounts.selectors import accounts_in, holders_of_account
from customers.folding import digits_of, fold_kana, fold_number, large_kana
from customers.indexing import contact_index, person_index
from customers.models import ContactPoint, Customer, NamePart
from customers.parsing import Invalid, read_email, read_phone
from customers.pointers import survivors_of
from customers.writing import Statement, insertion, run_statements, update_many
from tenants.identifiers import uuid7_bytes
from tenants.keys import PersonShredded, cipher

PART = "customer.part"
ID = 16
_START = "^"
_TEL = re.compile(r"^\s*(?:tel|電話|phone)\s*[.:]?\s*", re.IGNORECASE)
_COUNTRY = re.compile(r"^(?:010|00)(?=81)")
_JAPAN = "81"
_ACCENTED = re.compile("[\u00df-\u024f\u0300-\u036f\u1e00-\u1eff]")
_ACCENT = re.compile("[\u0300-\u036f]")

# What a customer is called, now or before.
NAMES = ("name", "kana", "former_name", "common_name", "latin_name")

type Named = tuple[bytes, Iterable[str]]


def names_in(facts: Mapping[str, Any]) -> list[str]:
    """Every name of a customer by which somebody may look for them."""
    return [name for key in NAMES if (name := facts.get(key))]


def parts_of(*texts: str) -> set[str]:
    """What texts are found by: each pair of neighbouring characters, and the first character as such."""
    return _parts_in(map(_folded, texts))


def _parts_in(folded: Iterable[str]) -> set[str]:
    parts = set()
    for text in filter(None, folded):
        parts.add(_START + text[0])
        parts.update(map(add, text, text[1:]))
    return parts


def enter_parts(named: Iterable[Named]) -> None:
    """Make customers findable that have no parts yet, given as (id, names); one statement."""
    run_statements(parts_insertion((pk, map(_folded, names)) for pk, names in named))


def folded_names(facts: Mapping[str, Any], *, name: str, kana: str | None) -> list[str]:
    """Every name of a customer as `parts_insertion` takes it, of whom ``name`` and ``kana`` are folded already."""
    others = [_folded(text) for key in NAMES[2:] if (text := facts.get(key))]
    return [_unaccented(large_kana(name)), *([_unaccented(kana)] if kana else ()), *others]


def parts_insertion(named: Iterable[Named]) -> list[Statement]:
    """The statement of `enter_parts`, of names that are folded."""
    holders: dict[int, dict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
    for pk, names in named:
        held = holders[_moment(pk)]
        for part in _parts_in(names):
            held[part].append(pk)
    tokens = tokens_of(set().union(*holders.values()))
    rows = [(tokens[part], moment, ids) for moment, held in holders.items() for part, ids in held.items()]
    columns: dict[str, Sequence[Any]] = {
        "id": uuid7_bytes(len(rows)),
        "token": [token for token, _, _ in rows],
        "moment": [moment for _, moment, _ in rows],
        "customers": [b"".join(ids) for _, _, ids in rows],
    }
    return insertion(NamePart, columns)


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


def index_names(customers: Sequence[Customer]) -> None:
    """Write anew by which names customers are found: their own, and those of whoever has become part of them."""
    ids = [one.pk for one in customers]
    remove_parts(ids)
    others = names_within(ids)
    enter_parts([(one.pk.bytes, [*names_in(one.profile), *others.get(one.pk, ())]) for one in customers])


def names_within(ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The names of whoever has become part of these customers, in one step or several; one query a step."""
    names: dict[UUID, list[str]] = defaultdict(list)
    ahead = {pk: pk for pk in ids}
    merged = Customer.objects.filter(status=Customer.Status.MERGED)
    while rows := list(merged.filter(merged_into__in=list(ahead))):
        for row in rows:
            names[ahead[row.merged_into_id]] += _names_left(row)
        ahead = {row.pk: ahead[row.merged_into_id] for row in rows}
    return dict(names)


def _names_left(customer: Customer) -> list[str]:
    try:
        return names_in(customer.profile)
    except PersonShredded:
        return []


def index_customers(*, after: UUID, limit: int = 2_000) -> list[UUID]:
    """Write anew by what the next customers are found and matched, in the order of their ids; returns whose."""
    customers = list(Customer.objects.select_for_update().filter(pk__gt=after).order_by("pk")[:limit])
    ids = [customer.pk for customer in customers]
    index_names(customers)
    persons = [person_index(one.profile.get("name"), one.profile.get("birth_on")) for one in customers]
    accounts = {one.pk: accounts_in(one.profile, branch=one.branch_code) for one in customers}
    field = Customer._meta.get_field("profile")
    profiles = [
        field.value_for(one, one.profile | ({ACCOUNTS: held} if (held := accounts[one.pk]) else {}))
        for one in customers
    ]
    update_many(Customer, ids, {"person_index": persons, "profile": profiles})
    follow_accounts(accounts)
    return ids


def being(rows: QuerySet[Customer], wanted: str, *, by_account: bool = True) -> QuerySet[Customer]:
    """Those of `rows` whose number, telephone, e-mail address or account `wanted` is, whole, however it is written.

    What was a merged customer's finds the one who goes on. Whoever sees accounts covered is not told whose one is.
    """
    # Ids and not a subquery: only so the rows are found by their keys.
    found = set(Customer.objects.filter(number=fold_number(wanted)).values_list("pk", flat=True))
    if indexes := [contact_index(channel, value) for channel, value in addresses_in(wanted)]:
        reached = ContactPoint.objects.filter(value_index__in=indexes, is_current=True)
        found.update(reached.values_list("customer_id", flat=True))
    if by_account:
        found.update(holders_of_account(wanted))
    return rows.filter(pk__in=set(survivors_of(found).values()))


def addresses_in(wanted: str) -> list[tuple[str, str]]:
    """What `wanted` is as an address: (channel, value as ContactPoint stores it); telephone numbers as E.164."""
    folded = unicodedata.normalize("NFKC", wanted)
    if "@" in folded:
        email = _read(read_email, folded)
        return [(ContactPoint.Channel.EMAIL, email)] if email else []
    phone = _read(read_phone, _TEL.sub("", folded)) or _read(read_phone, _abroad(folded))
    return [(ContactPoint.Channel.PHONE, phone)] if phone else []


def _abroad(wanted: str) -> str:
    """With the country's code but without its plus: 81 90 1234 5678, 0081…, 010 81…, also +81 (0)90…."""
    digits = _COUNTRY.sub("", digits_of(wanted))
    return f"+{digits[:2]}{digits[2:].removeprefix('0')}" if digits.startswith(_JAPAN) else ""


def _read(read: Callable[[str], str | None], wanted: str) -> str | None:
    try:
        return read(wanted.strip())
    except Invalid:
        return None


def holders_of(wanted: str) -> list[bytes]:
    """Whose names have every pair of characters of `wanted`, by id: whoever is meant, rarely more; see `has_part`."""
    folded = _folded(wanted)
    parts = list(map("".join, pairwise(folded))) or [_START + folded]
    holders: dict[int, set[bytes]] = {token: set() for token in tokens_of(set(parts)).values()}
    for token, held in NamePart.objects.filter(token__in=list(holders)).values_list("token", "customers"):
        holders[token].update(_ids_in(held))
    return sorted(set.intersection(*holders.values()))


def being_of(rows: QuerySet[Customer], ids: Sequence[bytes]) -> QuerySet[Customer]:
    """Those of `rows` with one of the ids, as one value of the statement however many there are."""
    array = "{" + ",".join(pk.hex() for pk in ids) + "}"
    return rows.filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [array]))


def has_part(names: Iterable[str], wanted: str) -> bool:
    """Whether one of the names really has `wanted` in it (at the beginning, if it is one character)."""
    folded = _folded(wanted)
    texts = [_folded(name) for name in names]
    return any(text.startswith(folded) if len(folded) == 1 else folded in text for text in texts)


def tokens_of(parts: Iterable[str]) -> dict[str, int]:
    """The first eight bytes of each part's keyed hash, as the database's bigint."""
    distinct = list(parts)
    hashes = cipher().index_many(PART, distinct)
    return {part: int.from_bytes(digest[:8], "big", signed=True) for part, digest in zip(distinct, hashes, strict=True)}


def _folded(text: str) -> str:
    """As `fold_kana`, and Latin letters without their accents, which our keyboards lack."""
    return _unaccented(fold_kana(text))


def _unaccented(folded: str) -> str:
    if not _ACCENTED.search(folded):
        return folded
    bare = "".join(one for one in unicodedata.normalize("NFD", folded) if not _ACCENT.match(one))
    return unicodedata.normalize("NFC", bare).replace("đ", "d").replace("ø", "o").replace("ł", "l")


def _moment(pk: bytes) -> int:
    return int.from_bytes(pk[:6], "big")


def _ids_in(held: bytes) -> list[bytes]:
    held = bytes(held)
    return [held[at : at + ID] for at in range(0, len(held), ID)]
