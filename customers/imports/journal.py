"""What imports change of customers, field by field: written by the trial for people, by the import to take it back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from customers.models import CustomerImport, ImportChange
from customers.recording import PlannedChange
from customers.writing import insert_many
from tenants.identifiers import uuid7_bytes
from tenants.keys import seal_many_for_persons

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def keep_changes(
    customer_import: CustomerImport,
    planned: Sequence[PlannedChange],
    lines: Mapping[UUID, int],
    *,
    limit: int | None = None,
) -> tuple[int, Counter[str]]:
    """Remember what changes; one statement. Returns how many customers change, and of how many each attribute does.

    ``limit`` bounds how many are remembered, not how many are counted. To be called before anything is written.
    """
    altered = [(one, alterations) for one in planned if (alterations := one.altered())]
    kept = altered[:limit]
    ids = uuid7_bytes(len(kept))
    persons = [one.customer.pk.bytes for one, _ in kept]

    def sealed(column: str, side: int) -> list[bytes]:
        values = [{key: sides[side] for key, sides in alterations.items()} for _, alterations in kept]
        name = f"{ImportChange._meta.db_table}.{column}".encode()
        return seal_many_for_persons([_encode(value).encode() for value in values], name, ids, persons)

    columns: dict[str, list[Any]] = {
        "id": ids,
        "customer_id": persons,
        "line": [lines[one.customer.pk] for one, _ in kept],
        "attributes": [list(alterations) for _, alterations in kept],
        "before": sealed("before", 0),
        "after": sealed("after", 1),
        "source_hash": [one.customer.source_hash and bytes(one.customer.source_hash) for one, _ in kept],
    }
    insert_many(
        ImportChange,
        columns,
        customer_import_id=customer_import.pk,
        is_undone=False,
        refusal="",
        refused_for="[]",
    )
    return len(altered), Counter(key for _, alterations in altered for key in alterations)
