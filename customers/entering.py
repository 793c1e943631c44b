"""Entering customers in bulk: everything their rows need is sealed, indexed and made ready before it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from customers.accounts.rows import accounts_insertion
from customers.accounts.rules import ACCOUNTS
from customers.facts.catalogue import CHANNEL_OF_FACT, FACTS, PLAIN
from customers.facts.selectors import plain_own_keys
from customers.facts.shape import Type
from customers.folding import fold_kana, fold_name
from customers.importing import CustomerRow
from customers.indexing import KANA, NAME, PERSON, SOURCE, contact_indexes, person_key
from customers.models import ContactPoint, Customer
from customers.residence import stay_ends_on
from customers.searching import folded_names, parts_insertion
from customers.writing import Statement, insertion, run_statements
from tenants.identifiers import uuid7_bytes
from tenants.keys import PersonCipher, cipher, person_ciphers, seal_many_for_persons

DEFAULT_LANGUAGE = "ja"
# Columns in which the empty text is what is not known.
TEXT = frozenset(key for key in PLAIN if FACTS[key].type not in (Type.DAY, Type.ANSWER))
_NOT_IN_PROFILE = frozenset(PLAIN) | frozenset(CHANNEL_OF_FACT)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# customer, channel and value
type Point = tuple[UUID | bytes, str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """Customers who are ready to be written, in whatever process, within the same tenant."""

    count: int = 0
    statements: list[Statement] = field(default_factory=list)

    def write(self) -> None:
        """Insert them, in the open transaction. Raises IntegrityError when a number is taken."""
        run_statements(self.statements)


def prepare_customers(rows: Sequence[CustomerRow], *, reference: UUID, now: datetime) -> Entry:
    """Make customers ready that an import (``reference``) brings in, with their contact points; a few statements.

    Their keys are kept at once, in a transaction of their own. Raises KeysUnavailable.
    """
    if not rows:
        return Entry()
    crypt = cipher()
    ids = uuid7_bytes(len(rows))
    ciphers = person_ciphers(ids, are_new=True)
    own = plain_own_keys()
    profiles = [_encode(profile_of(row.facts, own)).encode() for row in rows]
    names = [fold_name(row.facts["name"]) for row in rows]
    kanas = [fold_kana(kana) if (kana := row.facts.get("kana")) else None for row in rows]
    persons = [person_key(name, row.facts.get("birth_on")) for name, row in zip(names, rows, strict=True)]
    columns: dict[str, list[Any]] = {
        "id": ids,
        "number": [row.number for row in rows],
        "kind": [row.kind for row in rows],
        "profile": seal_many_for_persons(profiles, column_of(Customer, "profile"), ids, ids, ciphers=ciphers),
        "name_index": crypt.index_many(NAME, names),
        "kana_index": _indexes(KANA, kanas),
        "person_index": _indexes(PERSON, persons),
        "attributes": [attributes_of(row.facts, own) for row in rows],
        "branch_code": [row.branch_code for row in rows],
        "language": [row.language or DEFAULT_LANGUAGE for row in rows],
        "stay_ends_on": [stay_in(row.facts) for row in rows],
        "opened_on": [row.opened_on for row in rows],
        "last_reviewed_on": [row.last_reviewed_on for row in rows],
        "source_hash": crypt.index_many(SOURCE, [row.source for row in rows]),
    }
    for key in PLAIN:
        missing = "" if key in TEXT else None
        columns[key] = [row.facts.get(key, missing) for row in rows]
    customers = insertion(
        Customer,
        columns,
        status=Customer.Status.ACTIVE.value,
        risk_tier="",
        due_diligence="",
        is_rating_due=True,
        entered_by=reference,
        created_at=now,
        updated_at=now,
    )
    called = (folded_names(row.facts, name=name, kana=kana) for row, name, kana in zip(rows, names, kanas, strict=True))
    parts = parts_insertion(zip(ids, called, strict=True))
    points = [(pk, *point) for pk, row in zip(ids, rows, strict=True) for point in points_of(row.facts, row.line_id)]
    accounts = accounts_insertion([(pk, one) for pk, row in zip(ids, rows, strict=True) for one in row.facts[ACCOUNTS]])
    return Entry(len(rows), customers + parts + points_insertion(points, now=now, ciphers=ciphers) + accounts)


def _indexes(purpose: str, folded: Sequence[str | None]) -> list[bytes | None]:
    """Blind indexes of what is known; None for the rest."""
    made = iter(cipher().index_many(purpose, [text for text in folded if text]))
    return [next(made) if text else None for text in folded]


def points_insertion(
    points: Sequence[Point], *, now: datetime, ciphers: Mapping[bytes, PersonCipher] | None = None
) -> list[Statement]:
    """The statement that inserts contact points; none without any. ``ciphers`` are their owners', if at hand."""
    ids = uuid7_bytes(len(points))
    values = [_encode(value).encode() for _, _, value in points]
    persons = [person if isinstance(person, bytes) else person.bytes for person, _, _ in points]
    return insertion(
        ContactPoint,
        {
            "id": ids,
            "customer_id": persons,
            "channel": [channel for _, channel, _ in points],
            "value": seal_many_for_persons(values, column_of(ContactPoint, "value"), ids, persons, ciphers=ciphers),
            "value_index": contact_indexes([(channel, value) for _, channel, value in points]),
        },
        health=ContactPoint.Health.UNKNOWN.value,
        health_reason="",
        is_current=True,
        created_at=now,
    )


def points_of(facts: Mapping[str, Any], line_id: str | None) -> list[tuple[str, Any]]:
    """The contact points that facts make, as (channel, value)."""
    points: list[tuple[str, Any]] = []
    if line_id:
        points.append(("LINE", line_id))
    if phone := facts.get("phone"):
        points.append(("PHONE", phone))
    if email := facts.get("email"):
        points.append(("EMAIL", email))
    if address := facts.get("address"):
        points.append(("POST", {"postal_code": facts.get("postal_code"), "address": address}))
    return points


def profile_of(facts: Mapping[str, Any], own: frozenset[str]) -> dict[str, Any]:
    """What of the facts is sealed as the customer's profile; `own` are the institution's that stand plain."""
    return {
        key: value
        for key, value in facts.items()
        if key not in _NOT_IN_PROFILE and key not in own and value is not None
    }


def attributes_of(facts: Mapping[str, Any], own: frozenset[str]) -> dict[str, Any]:
    """The institution's own facts that stand plain."""
    return {key: value for key in own if (value := facts.get(key)) is not None}


def stay_in(facts: Mapping[str, Any]) -> date | None:
    """The last day of the stay that the facts allow; see `residence.stay_ends_on`."""
    days = (facts.get(key) for key in ("residence_expires_on", "residence_applied_on"))
    return stay_ends_on(*(date.fromisoformat(day) if day else None for day in days))


def column_of(model: type[Customer] | type[ContactPoint], name: str) -> bytes:
    """How the keys name a column: `table.column`."""
    return f"{model._meta.db_table}.{name}".encode()
